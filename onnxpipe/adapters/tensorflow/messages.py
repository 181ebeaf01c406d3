"""Protocol buffer messages as fields by number, as far as what a SavedModel says of itself needs."""

from __future__ import annotations

from collections.abc import Iterator

from onnxpipe.errors import Unreadable

_FIXED = {1: 8, 5: 4}
"""Bytes of the wire types of one size. Source: protobuf.dev, Encoding."""


def fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each length-delimited field of a message, in order; others are passed over.

    Raises Unreadable where the bytes are no message.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            _, place = _varint(data, place)
            continue
        size, place = (_FIXED[wire], place) if wire in _FIXED else _length(data, place, wire)
        if place + size > len(data):
            raise Unreadable("a field in it is longer than the file")
        if wire == 2:
            yield number, data[place : place + size]
        place += size


def inside(data: memoryview, *path: int) -> Iterator[memoryview]:
    """Every message at a path of field numbers."""
    if not path:
        yield data
        return
    for number, held in fields(data):
        if number == path[0]:
            yield from inside(held, *path[1:])


def text(data: memoryview, *path: int) -> str:
    """The last text at a path, empty where there is none. Raises Unreadable where it is no UTF-8."""
    found = ""
    for held in inside(data, *path):
        try:
            found = str(held, "utf-8")
        except UnicodeDecodeError:
            raise Unreadable("a name in it is no text") from None
    return found


def _length(data: memoryview, place: int, wire: int) -> tuple[int, int]:
    if wire != 2:
        raise Unreadable(f"a field in it is of no known kind ({wire})")
    return _varint(data, place)


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number and the place after it."""
    found = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise Unreadable("it ends in the middle of a field")
        byte = data[place]
        place += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, place
    raise Unreadable("a number in it has no end")
