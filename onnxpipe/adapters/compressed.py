"""The bytes inside a compressed file, read in bounded steps so that a bomb is noticed early.

Magic numbers: joblib/compressor.py (1.6) and RFC 1950 for the four zlib levels.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from onnxpipe.errors import Unreadable

FLOOR = 2**28
"""Bytes that any file may unpack to, however small it is."""
RATIO = 250
"""How many times its size a file may unpack to beyond that; arrays of one value reach about 200."""
_CHUNK = 2**22


class _Inflater(Protocol):
    """What zlib, bz2 and lzma decompressors share, with zlib's differences papered over."""

    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """zlib or gzip behind bz2's interface: input that wasn't used yet is kept inside."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=47)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail or data, max_length)


_FORMATS: tuple[tuple[bytes, Callable[[], _Inflater]], ...] = (
    (b"\x1f\x8b", _Zlib),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lzma.LZMADecompressor),
    (b"\x5d\x00\x00", lzma.LZMADecompressor),
    (b"\x78\x01", _Zlib),
    (b"\x78\x5e", _Zlib),
    (b"\x78\x9c", _Zlib),
    (b"\x78\xda", _Zlib),
)
_REFUSED = {
    b'\x04"M\x18': ("it is compressed with lz4", "Save it with compress='zlib' or compress='gzip'."),
    b"ZF0x": ("it is in the format of joblib before 0.10", "Load it with an older joblib and dump it again."),
}


def is_compressed(head: bytes) -> bool:
    """Whether the first bytes are those of a compressed file, of a kind we unpack or name."""
    return any(head.startswith(magic) for magic in (*_REFUSED, *(m for m, _ in _FORMATS)))


def decompressed(data: bytes, *, floor: int = 0, ratio: int = RATIO) -> bytes | bytearray:
    """The bytes inside zlib, gzip, bz2, lzma or xz compression; anything else as it is.

    It may unpack to ``floor`` (0: ``FLOOR``) bytes, or to ``ratio`` times its size.
    Raises Unreadable for a truncated stream, for one that unpacks to more than any model would,
    and for lz4, which needs a package of its own.
    """
    for magic, (what, remedy) in _REFUSED.items():
        if data.startswith(magic):
            raise Unreadable(what, remedy=remedy)
    make = next((make for magic, make in _FORMATS if data.startswith(magic)), None)
    if make is None:
        return data
    try:
        return _unpacked(make(), data, max(floor or FLOOR, ratio * len(data)))
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise Unreadable(f"its compression is damaged ({error})") from None


def _unpacked(inflater: _Inflater, data: bytes, limit: int) -> bytearray:
    out, source = bytearray(), io.BytesIO(data)
    fed = b""
    while not inflater.eof:
        chunk = inflater.decompress(fed, _CHUNK)
        out += chunk
        if len(out) > limit:
            raise Unreadable(f"it unpacks to more than {limit >> 20} MiB, as only bombs do")
        fed = b"" if len(chunk) == _CHUNK else source.read(_CHUNK)
        if not fed and not chunk and not inflater.eof:
            raise Unreadable("its compressed data ends too early")
    return out
