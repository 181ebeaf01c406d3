"""Tables of a flatbuffer, every place checked before it is read.

Layout: https://flatbuffers.dev/internals. The public package trusts the offsets it finds; a negative
one would read from the end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.errors import Unreadable

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table at a place in the bytes; fields are known by their number in the schema."""

    data: bytes
    at: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table that a buffer begins with."""
        return cls(data, _number(data, 0, "<I"))

    def number(self, field: int, kind: str, default: Any = 0) -> Any:
        """A number of ``struct`` kind ``kind``, the default where it isn't written."""
        place = self._place(field)
        return _number(self.data, place, f"<{kind}") if place else default

    def table(self, field: int) -> Table | None:
        """A table, None where it isn't written."""
        place = self._place(field)
        return Table(self.data, _followed(self.data, place)) if place else None

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        first, count = self._vector(field, 4)
        return [Table(self.data, _followed(self.data, first + 4 * i)) for i in range(count)]

    def array(self, field: int, dtype: Any) -> Array:
        """A vector of numbers or structs ``[n]``, read-only, in the buffer's own memory."""
        kind = np.dtype(dtype)
        first, count = self._vector(field, kind.itemsize)
        return np.frombuffer(self.data, kind, count, first) if count else np.zeros(0, kind)

    def text(self, field: int) -> str:
        """A string, empty where it isn't written."""
        return self.array(field, np.uint8).tobytes().decode("utf-8", "replace")

    def texts(self, field: int) -> list[str]:
        """A vector of strings."""
        first, count = self._vector(field, 4)
        places = (_followed(self.data, first + 4 * i) for i in range(count))
        return [_bytes(self.data, place).decode("utf-8", "replace") for place in places]

    def _place(self, field: int) -> int:
        """Where a field is, 0 where it isn't written."""
        index = self.at - _number(self.data, self.at, "<i")
        slot = 4 + 2 * field
        if slot + 2 > _number(self.data, index, "<H"):
            return 0
        offset = _number(self.data, index + slot, "<H")
        return self.at + offset if offset else 0

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        """Where a vector's first element is, and how many there are."""
        place = self._place(field)
        if not place:
            return 0, 0
        first = _followed(self.data, place)
        count = _number(self.data, first, "<I")
        if first + 4 + count * size > len(self.data):
            raise Unreadable("a list in it is longer than the file")
        return first + 4, count


def _followed(data: bytes, place: int) -> int:
    return int(place + _number(data, place, "<I"))


def _bytes(data: bytes, place: int) -> bytes:
    count = _number(data, place, "<I")
    if place + 4 + count > len(data):
        raise Unreadable("a text in it is longer than the file")
    return data[place + 4 : place + 4 + count]


def _number(data: bytes, place: int, kind: str) -> Any:
    if place < 0 or place + struct.calcsize(kind) > len(data):
        raise Unreadable("it points outside of itself")
    return struct.unpack_from(kind, data, place)[0]
