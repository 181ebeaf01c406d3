"""The opcodes that push a literal: constants, numbers, texts and bytes.

A number that ends beyond the file reads short; the machine notices at the next opcode.
"""

from __future__ import annotations

import codecs
import pickle
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onnxpipe.errors import Unreadable

if TYPE_CHECKING:
    from onnxpipe.adapters.pickle_machine import Machine

Push = Callable[["Machine"], None]
_double = struct.Struct(">d").unpack


def _constant(value: Any) -> Push:
    return lambda machine: machine.stack.append(value)


def _number(size: int, signed: bool = False) -> Push:
    def push(machine: Machine) -> None:
        start, machine.pos = machine.pos, machine.pos + size
        raw = machine.data[start : machine.pos]
        machine.stack.append(int.from_bytes(raw, "little", signed=signed))

    return push


def _byte(machine: Machine) -> None:
    machine.stack.append(machine.data[machine.pos])
    machine.pos += 1


def _float(machine: Machine) -> None:
    machine.stack.append(_double(machine.take(8))[0])


def _short(convert: Callable[[Any], Any]) -> Push:
    """An opcode whose argument is a length in one byte and as many bytes."""

    def push(machine: Machine) -> None:
        start = machine.pos + 1
        machine.pos = end = start + machine.data[machine.pos]
        machine.stack.append(convert(machine.data[start:end]))

    return push


def _sized(width: int, convert: Callable[[Any], Any]) -> Push:
    """An opcode whose argument is a length in ``width`` bytes and as many bytes."""

    def push(machine: Machine) -> None:
        machine.stack.append(convert(machine.take(machine.number(width))))

    return push


def _line(convert: Callable[[bytes], Any]) -> Push:
    """An opcode of protocol 0, whose argument is a short line of text."""
    return lambda machine: machine.stack.append(convert(machine.line()))


def _utf8(raw: Any) -> str:
    return str(raw, "utf-8", "surrogatepass")


def _latin1(raw: Any) -> str:
    return str(raw, "latin1")


def _long(raw: Any) -> int:
    if len(raw) > 4096:
        raise Unreadable("it holds a number of more than 4096 bytes")
    return int.from_bytes(raw, "little", signed=True)


def _int(text: bytes) -> int | bool:
    return text == b"01" if text in (b"00", b"01") else int(text)


def _quoted(machine: Machine) -> None:
    text = machine.line(len(machine.data))
    if len(text) < 2 or text[:1] not in (b"'", b'"') or text[-1:] != text[:1]:
        raise Unreadable("a text in it has no quotes")
    machine.stack.append(str(codecs.escape_decode(text[1:-1])[0], "latin1"))


def _escaped(machine: Machine) -> None:
    machine.stack.append(str(machine.line(len(machine.data)), "raw-unicode-escape"))


LITERALS: dict[bytes, Push] = {
    pickle.NONE: _constant(None),
    pickle.NEWTRUE: _constant(True),
    pickle.NEWFALSE: _constant(False),
    pickle.EMPTY_TUPLE: _constant(()),
    pickle.EMPTY_LIST: lambda machine: machine.stack.append([]),
    pickle.EMPTY_DICT: lambda machine: machine.stack.append({}),
    pickle.EMPTY_SET: lambda machine: machine.stack.append(set()),
    pickle.BININT: _number(4, signed=True),
    pickle.BININT1: _byte,
    pickle.BININT2: _number(2),
    pickle.LONG1: _short(_long),
    pickle.LONG4: _sized(4, _long),
    pickle.BINFLOAT: _float,
    pickle.INT: _line(_int),
    pickle.LONG: _line(lambda text: int(text.rstrip(b"L"))),
    pickle.FLOAT: _line(float),
    pickle.SHORT_BINUNICODE: _short(_utf8),
    pickle.BINUNICODE: _sized(4, _utf8),
    pickle.BINUNICODE8: _sized(8, _utf8),
    pickle.SHORT_BINBYTES: _short(bytes),
    pickle.BINBYTES: _sized(4, bytes),
    pickle.BINBYTES8: _sized(8, bytes),
    pickle.BYTEARRAY8: _sized(8, bytearray),
    pickle.SHORT_BINSTRING: _short(_latin1),
    pickle.BINSTRING: _sized(4, _latin1),
    pickle.STRING: _quoted,
    pickle.UNICODE: _escaped,
}
