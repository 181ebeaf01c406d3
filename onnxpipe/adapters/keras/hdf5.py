"""HDF5 files as trees of arrays: read from memory, nothing outside the file, within a budget of bytes."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.compressed import FLOOR, RATIO
from onnxpipe.errors import MissingExtra, Unreadable

Array = NDArray[Any]

MAGIC = b"\x89HDF\r\n\x1a\n"
_KINDS = "fiub"


def require(where: str) -> None:
    """Raise MissingExtra for a file where h5py isn't installed."""
    try:
        import h5py  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtra("h5py", "keras", where=where) from None


class File:
    """One HDF5 file; what is read of it adds up to no more than it can honestly hold."""

    def __init__(self, data: bytes) -> None:
        import h5py

        _refuse_endless(data)
        self._h5py = h5py
        self._file = h5py.File(io.BytesIO(data), "r")
        self._budget = max(FLOOR, RATIO * len(data))

    @property
    def root(self) -> Group:
        return Group(self, self._file)

    def group(self, held: Any) -> bool:
        return isinstance(held, self._h5py.Group)

    def hard(self, held: Any, name: str) -> bool:
        """Whether a member lies in this file itself: no link to another place or another file."""
        return isinstance(held.get(name, getlink=True), self._h5py.HardLink)

    def is_text(self, dtype: Any) -> bool:
        return self._h5py.check_string_dtype(dtype) is not None

    def array(self, dataset: Any) -> Array:
        """The values of a dataset. Raises Unreadable for one kept outside, of objects, or too large."""
        if dataset.is_virtual or dataset.external or dataset.dtype.kind not in _KINDS:
            raise Unreadable(f"{dataset.name} holds no plain numbers of this file's own")
        self._budget -= dataset.size * dataset.dtype.itemsize
        if self._budget < 0:
            raise Unreadable(f"{dataset.name} declares more data than the file can hold")
        with _whole():
            return np.asarray(dataset[()])


@contextmanager
def _whole() -> Iterator[None]:
    """Tell as Unreadable what h5py raises over a damaged file, RuntimeErrors among it."""
    try:
        yield
    except (RuntimeError, OSError, KeyError, ValueError) as error:
        raise Unreadable(f"its HDF5 is damaged: {error}") from None


def _refuse_endless(data: bytes) -> None:
    """Raise Unreadable for a heap of texts with an entry that leads nowhere: HDF5 (2.0) goes on for ever.

    A collection is ``GCOL``, version 1, its size, then entries: index, references, size, data to a
    multiple of 8; the size of entry 0, what is free, includes its own 16 bytes (HDF5 format, III.E).
    """
    for found in re.finditer(rb"GCOL\x01\0\0\0(.{8})", data, re.DOTALL):
        at, end = found.end(), found.start() + int.from_bytes(found[1], "little")
        while at + 16 <= min(end, len(data)):
            index, _, _, size = struct.unpack_from("<HHIQ", data, at)
            step = size if index == 0 else 16 + (size + 7) // 8 * 8
            if step < 16:
                raise Unreadable("its texts lead in a circle")
            at += step


class Group:
    """A group in a file: groups and arrays by name, and attributes."""

    def __init__(self, file: File, held: Any) -> None:
        self._file, self._held = file, held

    def __contains__(self, name: str) -> bool:
        with _whole():
            return name in self._held and self._file.hard(self._held, name)

    def group(self, name: str) -> Group | None:
        """The group of this name, None where there is none."""
        with _whole():
            held = self._held[name] if name in self else None
        return Group(self._file, held) if self._file.group(held) else None

    def array(self, path: str) -> Array:
        """The array at a path. Raises Unreadable where there is none."""
        head, _, rest = path.partition("/")
        if rest:
            inner = self.group(head)
            if inner is None:
                raise Unreadable(f"it has no group {head!r:.60}")
            return inner.array(rest)
        if head not in self or self.group(head) is not None:
            raise Unreadable(f"it has no array {head!r:.60}")
        with _whole():
            held = self._held[head]
        return self._file.array(held)

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """The arrays directly in it, numbered ones in order of their numbers."""
        with _whole():
            names = sorted(self._held, key=lambda n: (0, int(n), n) if n.isdigit() else (1, 0, n))
        for name in names:
            if name in self and self.group(name) is None:
                yield name, self.array(name)

    def text(self, attribute: str) -> str:
        """An attribute of text, empty where there is none."""
        with _whole():
            value = self._attribute(attribute) if attribute in self._held.attrs else ""
        return value.decode() if isinstance(value, bytes) else str(value)

    def texts(self, attribute: str) -> list[str]:
        """An attribute that lists texts, also one that was cut into numbered chunks."""
        attrs = self._held.attrs
        with _whole():
            chunks = [attribute] if attribute in attrs else []
            while not (chunks and chunks[0] == attribute) and f"{attribute}{len(chunks)}" in attrs:
                chunks.append(f"{attribute}{len(chunks)}")
            values = [value for chunk in chunks for value in np.asarray(self._attribute(chunk)).tolist()]
        return [value.decode() if isinstance(value, bytes) else str(value) for value in values]

    def _attribute(self, name: str) -> Any:
        """An attribute of text. Raises Unreadable for another: reading odd types may end the process."""
        held = self._held.attrs.get_id(name)
        if not self._file.is_text(held.dtype) and 0 not in held.shape:
            raise Unreadable(f"{name} holds no text")
        return self._held.attrs[name]
