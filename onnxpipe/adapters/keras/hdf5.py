"""HDF5 files as trees of arrays: read from memory, nothing outside the file, within a budget of bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.compressed import FLOOR, RATIO
from onnxpipe.adapters.keras.hdf5_process import READER
from onnxpipe.errors import MissingExtra, Unreadable

Array = NDArray[Any]

MAGIC = b"\x89HDF\r\n\x1a\n"


def require(where: str) -> None:
    """Raise MissingExtra for a file where h5py isn't installed; else get ready to read with it."""
    if find_spec("h5py") is None:
        raise MissingExtra("h5py", "keras", where=where)
    READER.start()


class File:
    """One HDF5 file; what is read of it adds up to no more than it can honestly hold."""

    def __init__(self, data: bytes) -> None:
        _refuse_endless(data)
        self._data = data
        self._budget = max(FLOOR, RATIO * len(data))
        with READER.turn:
            self._tree = self._opened()

    @property
    def root(self) -> Group:
        return self.group(self._tree["root"])

    def group(self, address: int) -> Group:
        """The group at an address. Raises Unreadable for a damaged one."""
        told = self._tree["groups"][str(address)]
        if "refused" in told:
            raise Unreadable(f"its HDF5 is damaged: {told['refused']}")
        return Group(self, told["members"], told["texts"])

    def array(self, number: int, dtype: str, shape: list[int]) -> Array:
        """The values of an array. Raises Unreadable for one that is damaged or too large."""
        kind = np.dtype(dtype)
        size = kind.itemsize * int(np.prod(shape, dtype=object))
        self._budget -= size
        if self._budget < 0:
            raise Unreadable("it declares more data than the file can hold")
        with READER.turn:
            if READER.owner is not self:
                self._opened()
            _, data = READER.ask({"array": number})
        if len(data) != size:
            raise Unreadable("its HDF5 is damaged: an array is cut off")
        return np.frombuffer(data, kind).reshape(shape)

    def _opened(self) -> Any:
        """The file's tree, while the process has it open."""
        READER.clean()
        told, _ = READER.ask({"open": len(self._data)}, self._data)
        READER.owner, READER.soiled = self, told["damaged"]
        return told


def _refuse_endless(data: bytes) -> None:
    """Raise Unreadable for a heap of texts with an entry that leads nowhere or out: HDF5 2.0 never ends then.

    A collection is ``GCOL``, version 1, its size, then entries: index, references, size, data to a
    multiple of 8; the size of entry 0, what is free, includes its own 16 bytes (HDF5 format, III.E).
    """
    for found in re.finditer(rb"GCOL\x01\0\0\0(.{8})", data, re.DOTALL):
        at, end = found.end(), found.start() + int.from_bytes(found[1], "little")
        while at + 16 <= min(end, len(data)):
            index, _, _, size = struct.unpack_from("<HHIQ", data, at)
            step = size if index == 0 else 16 + (size + 7) // 8 * 8
            if step < 16 or at + step > end:
                raise Unreadable("its texts lead in a circle")
            at += step


class Group:
    """A group in a file: groups and arrays by name, and attributes."""

    def __init__(self, file: File, members: Mapping[str, Any], texts: Mapping[str, Any]) -> None:
        self._file, self._members, self._texts = file, members, texts

    def __contains__(self, name: str) -> bool:
        """Whether a member lies in this file itself: no link to another place or another file."""
        return bool(self._members.get(name))

    def group(self, name: str) -> Group | None:
        """The group of this name, None where there is none."""
        told = _sound(self._members.get(name))
        return self._file.group(told["group"]) if "group" in told else None

    def array(self, path: str) -> Array:
        """The array at a path. Raises Unreadable where there is none."""
        head, _, rest = path.partition("/")
        if rest:
            inner = self.group(head)
            if inner is None:
                raise Unreadable(f"it has no group {head!r:.60}")
            return inner.array(rest)
        told = _sound(self._members.get(head))
        if "array" not in told:
            raise Unreadable(f"it has no array {head!r:.60}")
        return self._file.array(told["array"], told["dtype"], told["shape"])

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """The arrays directly in it, numbered ones in order of their numbers."""
        names = sorted(self._members, key=lambda n: (0, int(n), n) if n.isdigit() else (1, 0, n))
        for name in names:
            if name in self and "group" not in self._members[name]:
                yield name, self.array(name)

    def text(self, attribute: str) -> str:
        """An attribute of text, empty where there is none."""
        return str(_sound(self._texts.get(attribute)).get("text", ""))

    def texts(self, attribute: str) -> list[str]:
        """An attribute that lists texts, also one that was cut into numbered chunks."""
        chunks = [attribute] if attribute in self._texts else []
        while not (chunks and chunks[0] == attribute) and f"{attribute}{len(chunks)}" in self._texts:
            chunks.append(f"{attribute}{len(chunks)}")
        held = (_sound(self._texts[chunk])["text"] for chunk in chunks)
        return [text for told in held for text in ([told] if isinstance(told, str) else told)]


def _sound(told: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What is told of a member or an attribute, {} of none. Raises Unreadable where that is damage."""
    if told and "refused" in told:
        raise Unreadable(str(told["refused"]))
    return told or {}
