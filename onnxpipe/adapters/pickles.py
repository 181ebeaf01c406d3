"""The inert unpickler: pickle and joblib files read as records; no code of the file runs.

Every global a pickle names becomes a stand-in that records how it was called. The exceptions are
numpy arrays, dtypes and scalars and the plain containers, rebuilt here from their data alone.
joblib's array wrapper is read here too: its own reader opens object arrays with a plain
``pickle.load``. Formula of the array layout: joblib/numpy_pickle.py (1.6), padding byte since 1.2.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zlib
from collections.abc import Callable
from typing import IO, Any, ClassVar, NamedTuple, cast

import numpy as np

from onnxpipe.core.record import Record, public_name
from onnxpipe.errors import Unreadable

LIMIT = 16 * 2**30
"""Bytes that one file may unpack to; more is taken for a bomb."""
_CHUNK = 2**24


class Content(NamedTuple):
    """What a file holds: its object as data, and every dotted name it refers to."""

    value: Any
    globals: frozenset[str]


def read(data: bytes, *, where: str = "") -> Content:
    """The object a pickle or joblib file holds, as records, arrays and plain containers.

    Raises Unreadable for anything truncated, corrupt or too large; nothing in the file is run.
    """
    try:
        unpickler = InertUnpickler(io.BytesIO(decompressed(data)))
        return Content(unpickler.load(), frozenset(unpickler.globals))
    except Unreadable as error:
        raise Unreadable(error.what, where=where, remedy=error.remedy) from None
    except RecursionError:
        raise Unreadable("its objects are nested too deeply", where=where) from None
    except (MemoryError, OverflowError):
        raise Unreadable("it declares more data than it can hold", where=where) from None
    except Exception as error:  # a corrupt stream can fail in any of the opcodes it fakes
        raise Unreadable(
            f"not a complete pickle or joblib file ({type(error).__name__}: {error})",
            where=where,
            remedy="Save the pipeline again with joblib.dump or pickle.dump.",
        ) from None


def looks_like(data: bytes) -> bool:
    """Whether the first bytes are those of a pickle, compressed or not."""
    return data[:1] in (b"\x80", b"(", b"c", b"]", b"}") or any(
        data.startswith(magic) for magic, _ in _DECOMPRESSORS
    )


def decompressed(data: bytes) -> bytes:
    """The bytes inside zlib, gzip, bz2, lzma or xz compression, as joblib writes it.

    Raises Unreadable past ``LIMIT`` bytes, and for lz4, which needs a package of its own.
    """
    if data.startswith(b'\x04"M\x18'):
        raise Unreadable("it is compressed with lz4", remedy="Save it with compress='zlib' or 'gzip'.")
    opener = next((opener for magic, opener in _DECOMPRESSORS if data.startswith(magic)), None)
    if opener is None:
        return data
    out = bytearray()
    with opener(data) as stream:
        while chunk := stream.read(_CHUNK):
            out += chunk
            if len(out) > LIMIT:
                raise Unreadable(f"it unpacks to more than {LIMIT >> 30} GiB")
    return bytes(out)


class _ZlibStream(io.RawIOBase):
    """A zlib stream read in bounded steps, so that a bomb is noticed before it fills memory."""

    def __init__(self, data: bytes) -> None:
        self._inflate, self._rest = zlib.decompressobj(), data

    def read(self, size: int = -1) -> bytes:
        chunk = self._inflate.decompress(self._rest, max(size, 1))
        self._rest = self._inflate.unconsumed_tail
        return chunk


_DECOMPRESSORS: tuple[tuple[bytes, Callable[[bytes], IO[bytes]]], ...] = (
    (b"\x1f\x8b", lambda data: cast(IO[bytes], gzip.GzipFile(fileobj=io.BytesIO(data)))),
    (b"BZh", lambda data: cast(IO[bytes], bz2.BZ2File(io.BytesIO(data)))),
    (b"\xfd7zXZ", lambda data: cast(IO[bytes], lzma.LZMAFile(io.BytesIO(data)))),
    (b"\x5d\x00\x00", lambda data: cast(IO[bytes], lzma.LZMAFile(io.BytesIO(data)))),
    (b"\x78\x01", lambda data: cast(IO[bytes], _ZlibStream(data))),
    (b"\x78\x5e", lambda data: cast(IO[bytes], _ZlibStream(data))),
    (b"\x78\x9c", lambda data: cast(IO[bytes], _ZlibStream(data))),
    (b"\x78\xda", lambda data: cast(IO[bytes], _ZlibStream(data))),
)


class StandIn(Record):
    """A record that answers the calls an unpickler makes while it rebuilds an object."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        # (dict, slots) is how objects with __slots__ are saved.
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
            state = {**(state[0] or {}), **state[1]}
        self.state = state

    def append(self, item: Any) -> None:
        self.items.append(item)

    def extend(self, items: list[Any]) -> None:
        self.items.extend(items)

    def add(self, item: Any) -> None:
        self.items.append(item)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))


class Global:
    """A name the file refers to. Called or instantiated, it answers a record of that call."""

    __slots__ = ("kind", "origin")

    def __init__(self, module: str, name: str) -> None:
        self.kind, self.origin = public_name(module, name), f"{module}.{name}"

    def __call__(self, *args: Any, **kwargs: Any) -> StandIn:
        return StandIn(self.kind, self.origin, args, kwargs)

    def __repr__(self) -> str:
        return f"<Global {self.origin}>"


def _reconstruct(_subtype: Any, _shape: Any, _typecode: Any) -> Any:
    """numpy's _reconstruct, always an empty array that its state then fills."""
    return np.ndarray((0,), np.int8)


def _dtype(spec: Any, *_flags: Any) -> np.dtype[Any]:
    if not isinstance(spec, str) or len(spec) > 32:
        raise Unreadable(f"it holds an array of unknown type {str(spec)[:40]!r}")
    return np.dtype(spec)


def _scalar(dtype: Any, value: Any = None) -> Any:
    if isinstance(value, bytes) and not dtype.hasobject:
        return np.frombuffer(value, dtype, count=1)[0]
    return value


def _frombuffer(buffer: Any, dtype: Any, shape: Any, order: Any, _axis_order: Any = None) -> Any:
    return np.frombuffer(buffer, dtype).reshape(shape, order="F" if order == "F" else "C")


def _copyreg_reconstructor(cls: Any, _base: Any, state: Any) -> Any:
    return cls(state) if isinstance(cls, Global) else cls()


def _bytes(text: Any = b"", _encoding: Any = "latin1") -> bytes:
    return text.encode("latin1") if isinstance(text, str) else bytes(text if isinstance(text, bytes) else b"")


def _plain(kind: Callable[..., Any]) -> Callable[..., Any]:
    """A container type that only copies what it is given: sizes (``bytearray(10**12)``) are refused."""

    def build(*args: Any) -> Any:
        if any(isinstance(arg, (int, float)) for arg in args):
            raise Unreadable(f"{kind.__name__} is called with a number")
        return kind(*args)

    return build


_REAL: dict[str, Callable[..., Any]] = {
    **{f"numpy.{m}.multiarray._reconstruct": _reconstruct for m in ("core", "_core")},
    **{f"numpy.{m}.multiarray.scalar": _scalar for m in ("core", "_core")},
    **{f"numpy.{m}.numeric._frombuffer": _frombuffer for m in ("core", "_core")},
    "numpy.dtype": _dtype,
    "_codecs.encode": _bytes,
    "copyreg._reconstructor": _copyreg_reconstructor,
    "copy_reg._reconstructor": _copyreg_reconstructor,
    "collections.OrderedDict": _plain(dict),
    **{
        f"{module}.{kind.__name__}": _plain(kind)
        for module in ("builtins", "__builtin__")
        for kind in (set, frozenset, list, dict, tuple, bytearray)
    },
    **{
        f"{module}.{name}": rebuilt
        for module in ("builtins", "__builtin__")
        for name, rebuilt in (
            ("bytes", _bytes),
            ("slice", slice),
            ("range", range),
            ("xrange", range),
            ("complex", complex),
        )
    },
}

_JOBLIB_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"


_PythonUnpickler: Any = vars(pickle)["_Unpickler"]
"""The pure Python unpickler: the C one doesn't let BUILD be hooked, which joblib's arrays need."""


class InertUnpickler(_PythonUnpickler):  # type: ignore[misc]
    """Reads one pickle stream; ``globals`` collects every dotted name it refers to."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.file = file
        self.globals: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        dotted = f"{module}.{name}"
        self.globals.add(dotted)
        return _REAL.get(dotted) or Global(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise Unreadable("it refers to objects outside itself (persistent ids)")

    def _new(self, with_keywords: bool) -> None:
        kwargs = self.stack.pop() if with_keywords else {}
        args, cls = self.stack.pop(), self.stack.pop()
        self.append(cls(*args, **kwargs))

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, StandIn):
            target.__setstate__(state)
            if target.origin == _JOBLIB_WRAPPER:
                self.stack[-1] = self._array(target)
        elif isinstance(target, np.ndarray):
            target.__setstate__(state)
        elif isinstance(target, np.dtype):
            self.stack[-1] = _completed(target, state)
        else:
            raise Unreadable(f"it sets the state of a {type(target).__name__}")

    def _array(self, wrapper: Record) -> Any:
        """The array whose bytes follow a joblib wrapper; object arrays go through this reader again."""
        dtype, shape = wrapper.get("dtype"), wrapper.get("shape")
        if not isinstance(dtype, np.dtype) or not isinstance(shape, tuple):
            raise Unreadable("it holds an array without dtype or shape")
        if dtype.hasobject:
            inner = InertUnpickler(self.file)
            array = inner.load()
            self.globals |= inner.globals
            return array
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self.file.read(int.from_bytes(self.file.read(1), "little"))
        return _shaped(self.file, dtype, shape, wrapper.get("order"))

    dispatch: ClassVar[dict[int, Any]] = {
        **_PythonUnpickler.dispatch,
        pickle.NEWOBJ[0]: lambda self: self._new(False),
        pickle.NEWOBJ_EX[0]: lambda self: self._new(True),
        pickle.BUILD[0]: _build,
    }


def _shaped(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...], order: Any) -> Any:
    count = 1
    for dim in shape:
        count *= int(dim)
    raw = file.read(count * dtype.itemsize) if 0 <= count * dtype.itemsize <= LIMIT else b""
    if len(raw) != count * dtype.itemsize:
        raise Unreadable("an array in it is shorter than it says")
    flat = np.frombuffer(raw, dtype)
    return flat.reshape(shape[::-1]).T if order == "F" else flat.reshape(shape)


def _completed(dtype: np.dtype[Any], state: tuple[Any, ...]) -> np.dtype[Any]:
    """A dtype with its byte order and, for structured ones, its fields (numpy's __reduce__ layout)."""
    order, names, fields = state[1], state[3], state[4]
    if names:
        layout: Any = {"names": list(names), "formats": [fields[n][0] for n in names]}
        layout |= {"offsets": [int(fields[n][1]) for n in names], "itemsize": int(state[5])}
        return cast("np.dtype[Any]", np.dtype(layout))
    return dtype.newbyteorder(order) if order in ("<", ">") else dtype
