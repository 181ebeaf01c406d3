"""Objects that Java wrote with ObjectOutputStream, read as data: no class of them is looked for.

Format: Java Object Serialization Specification, chapter 6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onnxpipe.adapters.reading import reading
from onnxpipe.errors import Unreadable

_MAGIC = b"\xac\xed\x00\x05"
_FIRST_HANDLE = 0x7E0000
_NUMBERS = {"B": ">b", "C": ">H", "D": ">d", "F": ">f", "I": ">i", "J": ">q", "S": ">h", "Z": ">?"}
_WRITES, _SERIALIZABLE = 1, 2
_END = object()
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class JavaObject:
    """An object: its class's name, and its fields, those of the classes above it first."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(slots=True)
class _Class:
    name: str
    flags: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    above: _Class | None = None

    def lineage(self) -> Iterator[_Class]:
        """The classes from the topmost to this one."""
        if self.above is not None:
            yield from self.above.lineage()
        yield self


def read(data: bytes, where: str) -> Any:
    """The first object in a stream. Raises Unreadable for anything else, and for what Java may not write."""
    with reading("stream of Java objects", where, ""):
        if not data.startswith(_MAGIC):
            raise Unreadable("it doesn't begin as Java's objects do")
        return _Stream(data).content()


class _Stream:
    """The rest of a stream, and what later parts may refer back to."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place, self.depth = data, len(_MAGIC), 0
        self.handles: list[Any] = []

    def content(self) -> Any:
        """The next object, text, class or block; ``_END`` where an object's own data ends."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable("its objects are nested too deeply")
        tag = self.take(1)[0]
        if tag not in _CONTENTS:
            raise Unreadable(f"it holds something of the kind {tag:#x}")
        found = _CONTENTS[tag](self)
        self.depth -= 1
        return found

    def take(self, size: int) -> bytes:
        """So many bytes. Raises Unreadable where there are fewer."""
        if size < 0 or self.place + size > len(self.data):
            raise Unreadable("it ends too early")
        self.place += size
        return self.data[self.place - size : self.place]

    def number(self, kind: str) -> Any:
        return struct.unpack(kind, self.take(struct.calcsize(kind)))[0]

    def kept(self, value: Any) -> Any:
        self.handles.append(value)
        return value

    def text(self, size: str) -> str:
        """Text in Java's UTF-8: NUL takes two bytes, a character beyond 16 bits is written as two."""
        raw = self.take(self.number(size)).replace(b"\xc0\x80", b"\x00")
        return raw.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")

    def referred(self) -> Any:
        return self.handles[self.number(">i") - _FIRST_HANDLE]

    def described(self) -> _Class:
        """A class's description."""
        found: _Class = self.kept(_Class(self.text(">H")))
        self.take(8)
        found.flags = self.number(">B")
        found.fields = [self._field() for _ in range(self.number(">H"))]
        self.skipped()
        found.above = self.content()
        return found

    def _field(self) -> tuple[str, str]:
        kind, name = chr(self.take(1)[0]), self.text(">H")
        if kind in "L[":
            self.content()
        return kind, name

    def skipped(self) -> None:
        """Pass over what a class writes of its own."""
        while self.content() is not _END:
            pass

    def made(self) -> JavaObject:
        """An object with its fields."""
        kind, fields = self.content(), dict[str, Any]()
        found: JavaObject = self.kept(JavaObject(kind.name, fields))
        for each in kind.lineage():
            if not each.flags & _SERIALIZABLE:
                raise Unreadable(f"{each.name} is written in a form of its own")
            fields.update({name: self.value(of) for of, name in each.fields})
            if each.flags & _WRITES:
                self.skipped()
        return found

    def value(self, kind: str) -> Any:
        return self.content() if kind in "L[" else self.number(_NUMBERS[kind])

    def listed(self) -> list[Any]:
        """An array."""
        kind = self.content()
        found: list[Any] = self.kept(list[Any]())
        size = self.number(">i")
        if size > len(self.data):
            raise Unreadable("it declares more elements than it can hold")
        found += [self.value(kind.name[1]) for _ in range(size)]
        return found


def _string(stream: _Stream, size: str) -> Any:
    place = len(stream.handles)
    stream.kept(None)
    stream.handles[place] = stream.text(size)
    return stream.handles[place]


_CONTENTS: Mapping[int, Any] = {
    0x70: lambda stream: None,
    0x71: _Stream.referred,
    0x72: _Stream.described,
    0x73: _Stream.made,
    0x74: lambda stream: _string(stream, ">H"),
    0x75: _Stream.listed,
    0x76: lambda stream: stream.kept(stream.content()),
    0x77: lambda stream: stream.take(stream.number(">B")),
    0x78: lambda stream: _END,
    0x7A: lambda stream: stream.take(stream.number(">i")),
    0x7C: lambda stream: _string(stream, ">q"),
}
"""How the kinds of contents are read, by the byte before them."""
