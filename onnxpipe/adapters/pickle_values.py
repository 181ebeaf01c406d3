"""Values of a pickle rebuilt from data alone: arrays, dtypes, scalars and plain containers.

numpy's own ``__setstate__`` is never called: an array is a view of bytes whose number was checked
against its shape. Layouts: numpy/_core/src/multiarray/methods.c and descriptor.c (1.20 to 2.4).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np

from onnxpipe.core.record import Record, public_name
from onnxpipe.errors import Unreadable

Array = np.ndarray[Any, Any]


class Global:
    """A name that a file refers to; ``kind`` is its public name, ``origin`` the name as saved."""

    __slots__ = ("kind", "origin")

    def __init__(self, module: str, name: str) -> None:
        self.kind, self.origin = public_name(home_of(module), name), f"{module}.{name}"

    def __repr__(self) -> str:
        return self.origin


def home_of(module: str) -> str:
    """numpy for the C module of its ufuncs, which is an accident of where pickle found them."""
    return "numpy" if module in ("numpy.core._multiarray_umath", "numpy.core.umath") else module


class Unfilled:
    """An array or dtype between its creation and its state: ``value`` once ``fill`` was called."""

    __slots__ = ("fill", "value")

    def __init__(self, fill: Callable[[Any], Any]) -> None:
        self.fill, self.value = fill, None


def array(buffer: bytes | bytearray, dtype: Any, shape: Any, order: Any = "C", offset: int = 0) -> Array:
    """A read-only array of ``shape`` in native byte order over the bytes from ``offset`` on.

    Raises Unreadable where dtype, shape and bytes don't fit each other.
    """
    if not isinstance(dtype, np.dtype) or dtype.hasobject or dtype.shape:
        raise Unreadable("it holds an array whose type is no plain one")
    count = elements(shape)
    if (count and not dtype.itemsize) or len(shape) > 32:
        raise Unreadable(f"it holds an array of {len(shape)} dimensions and type {dtype.str}")
    if count * dtype.itemsize > len(buffer) - offset:
        raise Unreadable("an array in it is shorter than it says")
    flat = np.frombuffer(buffer, dtype, count, offset) if count else np.empty(0, dtype)
    flat = native(flat if flat.flags.aligned else flat.copy())
    made = flat.reshape(shape[::-1]).T if order == "F" else flat.reshape(shape)
    made.flags.writeable = False
    return made


def native(values: Array) -> Array:
    """The same values in this machine's byte order."""
    own = values.dtype.newbyteorder("=")
    return values if own == values.dtype else values.astype(own)


def elements(shape: Any) -> int:
    """How many elements a shape has. Raises Unreadable for anything but a tuple of sizes."""
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise Unreadable("it holds an array of impossible shape")
    return math.prod(shape)


def objects(items: Any, shape: Any, order: Any) -> Array:
    """An object array of ``shape`` with these items. Raises Unreadable where their number differs."""
    if not isinstance(items, list) or len(items) != elements(shape):
        raise Unreadable("an array of objects in it isn't as long as it says")
    flat = np.empty(len(items), object)
    for i, item in enumerate(items):
        flat[i] = item
    return flat.reshape(shape, order=order)


_DTYPE = re.compile(r"[<>|=]?[?bhilqpuBHILQPefdgcFDGSUVOMm]\d{0,9}")


def dtype(spec: Any, *_flags: Any) -> Unfilled:
    """The dtype that numpy writes as a type string and then fills with byte order and fields."""
    if not isinstance(spec, str) or not _DTYPE.fullmatch(spec):
        raise Unreadable(f"it holds an array of unknown type {spec!r:.40}")
    return Unfilled(lambda state: _filled_dtype(np.dtype(spec), state))


def _filled_dtype(base: np.dtype[Any], state: Any) -> np.dtype[Any]:
    """``state``: (version, order, subarray, names, fields, itemsize, alignment, flags[, metadata])."""
    _version, order, subarray, names, fields, itemsize, *_rest = state
    if subarray is not None:
        return np.dtype((_checked(subarray[0]), subarray[1]))
    if names:
        layout: Any = {"names": list(names), "formats": [_checked(fields[n][0]) for n in names]}
        layout |= {"offsets": [fields[n][1] for n in names], "itemsize": itemsize}
        return cast("np.dtype[Any]", np.dtype(layout))
    if base.kind in "mM" and len(state) > 8:
        unit, numerator = state[8][1][:2]
        base = np.dtype(f"{base.kind}8[{int(numerator)}{str(unit, 'ascii')}]")
    return np.dtype(base.newbyteorder(order).str) if order in ("<", ">") else base


def _checked(value: Any) -> np.dtype[Any]:
    if not isinstance(value, np.dtype) or not value.itemsize:
        raise Unreadable("a structured array in it has fields that are no types")
    return value


def empty_array(_subtype: Any = None, _shape: Any = None, _typecode: Any = None) -> Unfilled:
    """numpy's ``_reconstruct``: an array that its state then fills."""
    return Unfilled(_filled_array)


def _filled_array(state: Any) -> Array:
    """``state``: ([version,] shape, dtype, is_fortran, bytes or list of objects)."""
    shape, kind, fortran, data = state[-4:]
    order = "F" if fortran else "C"
    if isinstance(kind, Record) and kind.origin.endswith("._convert_to_stringdtype_kwargs"):
        return objects(data, shape, order)
    if isinstance(kind, np.dtype) and kind.char == "O":
        return objects(data, shape, order)
    data = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(data, bytes):
        raise Unreadable("an array in it has no bytes")
    return array(data, kind, shape, order)


def scalar(kind: Any, value: Any = None) -> Any:
    """A numpy scalar of its bytes; an object scalar is the object itself."""
    if isinstance(kind, np.dtype) and kind.hasobject:
        return value
    value = value.encode("latin1") if isinstance(value, str) else value
    if isinstance(kind, np.dtype) and not kind.itemsize:
        return kind.type()
    return array(value, kind, (1,))[0]


def from_buffer(buffer: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> Array:
    """numpy's ``_frombuffer`` of protocol 5; order "K" stores a permuted array with its axes."""
    if not isinstance(buffer, (bytes, bytearray)):
        raise Unreadable("an array in it has no bytes")
    made = array(buffer, kind, shape, "F" if order == "F" else "C")
    return made.transpose(axes) if order == "K" and axes is not None else made


def text_bytes(text: Any = b"", _encoding: Any = "latin1") -> bytes:
    """Bytes, as the protocols before 3 write them: as latin-1 text."""
    if isinstance(text, str):
        return text.encode("latin1")
    if not isinstance(text, bytes):
        raise Unreadable(f"bytes are made of a {type(text).__name__}")
    return text


def reconstructed(cls: Any, _base: Any = None, state: Any = None) -> Record:
    """``copyreg._reconstructor``: an object of a class, of the state of its built-in base if any."""
    return new(cls, () if state is None else (state,))


def new(cls: Any, args: Any = (), kwargs: Any = None) -> Record:
    """``cls.__new__(*args, **kwargs)`` as a record."""
    if not isinstance(cls, Global) or not isinstance(args, tuple):
        raise Unreadable(f"it makes an object of a {type(cls).__name__}")
    return Record(cls.kind, cls.origin, args, dict(kwargs or {}))


def builtin_type(name: Any) -> Global:
    """cloudpickle's name for a type that no module holds, as of code objects."""
    return Global("types", str(name)[:64])


def number(kind: type) -> Callable[..., Any]:
    """``range``, ``slice`` or ``complex`` of plain numbers."""

    def make(*args: Any) -> Any:
        if not all(arg is None or type(arg) in (int, float, bool) for arg in args):
            return Record(f"builtins.{kind.__name__}", f"builtins.{kind.__name__}", args)
        return kind(*args)

    return make


def keys_allowed(keys: Iterable[Any]) -> None:
    """Raise Unreadable for keys that are costly to hash: deep tuples, numbers without bound."""
    for key in keys:
        parts = key if type(key) is tuple and len(key) <= 64 else (key,)
        if not all(
            isinstance(part, (Record, Global, np.generic, frozenset)) or _plain(part) for part in parts
        ):
            raise Unreadable(f"a {type(key).__name__} in it stands where a key should")


def _plain(key: Any) -> bool:
    if type(key) is int:
        return -(2**61) < key < 2**61
    known = (str, bytes, float, bool, Record, Global, np.generic, frozenset)
    return key is None or isinstance(key, known)
