"""Universal Binary JSON (ubjson.org, draft 12) read as data; arrays of numbers stay arrays.

Nothing is allocated on the word of the file: a size is believed only where the bytes are there.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.errors import Unreadable

DEEPEST = 64
"""Nesting that no model has; a saved booster has about ten levels."""

_NUMBERS: Mapping[bytes, np.dtype[Any]] = {
    b"i": np.dtype(">i1"),
    b"U": np.dtype(">u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_FORMATS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
_UNPACK = {marker: struct.Struct(text) for marker, text in _FORMATS.items()}
_WORDS = {b"Z": None, b"T": True, b"F": False}


def loads(data: bytes) -> Any:
    """The value that some bytes hold; typed arrays of numbers are read-only numpy arrays.

    Raises Unreadable for anything truncated, nested too deeply or followed by more bytes.
    """
    source = _Source(data)
    value = source.value(source.take(1), DEEPEST)
    if source.pos != len(data):
        raise Unreadable(f"{len(data) - source.pos} bytes follow its end")
    return value


class _Source:
    """Bytes and the place in them that is read next."""

    def __init__(self, data: bytes) -> None:
        self.data, self.pos = data, 0

    def take(self, size: int) -> bytes:
        """The next bytes. Raises Unreadable where there aren't as many."""
        start, end = self.pos, self.pos + size
        if not 0 <= size <= len(self.data) - start:
            raise Unreadable("it ends too early")
        self.pos = end
        return self.data[start:end]

    def value(self, marker: bytes, depth: int) -> Any:
        """The value behind a marker."""
        if marker in _UNPACK:
            unpack = _UNPACK[marker]
            return unpack.unpack(self.take(unpack.size))[0]
        if marker in _WORDS:
            return _WORDS[marker]
        if marker in (b"S", b"C"):
            return self.text() if marker == b"S" else self.take(1).decode("latin1")
        if depth == 0:
            raise Unreadable("its objects are nested too deeply")
        if marker == b"{":
            return self.object(depth - 1)
        if marker == b"[":
            return self.array(depth - 1)
        raise Unreadable(f"it has a value of an unknown type {marker!r}")

    def size(self, marker: bytes) -> int:
        """A count or length, itself a whole number of any width."""
        if marker not in (b"i", b"U", b"I", b"l", b"L"):
            raise Unreadable(f"it has a size of an unknown type {marker!r}")
        return int(self.value(marker, 0))

    def text(self) -> str:
        return self.take(self.size(self.take(1))).decode("utf-8")

    def object(self, depth: int) -> dict[str, Any]:
        """Members up to the closing brace. Raises Unreadable for a name that stands there twice."""
        found: dict[str, Any] = {}
        while (marker := self.take(1)) != b"}":
            name = self.take(self.size(marker)).decode("utf-8")
            if name in found:
                raise Unreadable(f"it has two members {name!r:.60} in one object")
            found[name] = self.value(self.take(1), depth)
        return found

    def array(self, depth: int) -> Any:
        """Elements: of one type, of a count, or up to the closing bracket."""
        marker = self.take(1)
        if marker == b"$":
            return self.typed(self.take(1))
        if marker == b"#":
            # Each element has at least one byte, so a count beyond the file ends with it.
            return [self.value(self.take(1), depth) for _ in range(self.size(self.take(1)))]
        found = []
        while marker != b"]":
            found.append(self.value(marker, depth))
            marker = self.take(1)
        return found

    def typed(self, marker: bytes) -> Any:
        """An array of numbers of one type. Raises Unreadable for others: some take no bytes at all."""
        if marker not in _NUMBERS or self.take(1) != b"#":
            raise Unreadable(f"it has an array of an unknown type {marker!r}")
        dtype = _NUMBERS[marker]
        count = self.size(self.take(1))
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)
