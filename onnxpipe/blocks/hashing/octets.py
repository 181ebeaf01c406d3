"""Text as the bytes of its UTF-8 encoding, which no operator tells.

MurmurHash3 of up to four bytes can be run backwards: each of its steps has an inverse. So the hash of
one character, which is what onnxruntime tells, gives away the character's bytes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import code_points, murmur_hash
from onnxpipe.blocks.hashing.uint64 import chosen, down, low, mixed, up, word
from onnxpipe.core.ops import Var, cast, const, op

_LONGER = (r"[\x{80}-\x{10ffff}]", r"[\x{800}-\x{10ffff}]", r"[\x{10000}-\x{10ffff}]")
"""Characters of at least two, three and four bytes."""
_SPARE = 9
"""Places behind the end that can be looked at."""


class Octets(NamedTuple):
    """``eights`` uint64 ``[N, L]``: the eight bytes of each text from a place on, the first one lowest, 0
    behind the end. ``lengths`` int64 ``[N, 1]``, in bytes; L is the longest and ``_SPARE``.
    """

    eights: Var
    lengths: Var

    def at(self, place: Var) -> Var:
        """The eight bytes from a place ``[N, 1]`` on."""
        return op.gather_elements(self.eights, place, axis=1)

    def head(self, place: int) -> Var:
        """The same of one place for all."""
        return op.slice(self.eights, const([place]), const([place + 1]), const([1]))

    def tail(self, count: int) -> Var:
        """The last bytes of each text; of one that has fewer, whatever."""
        return self.at(op.max([op.sub(self.lengths, const(count)), const(0)]))


def encoded(text: Var) -> Octets:
    """The bytes of ``text`` ``[N]``, at least one of them not empty."""
    characters = code_points(text)
    sizes = _sizes(characters)
    whole = _bytes(characters, sizes)
    begin = op.cumsum(sizes, const(1), exclusive=1)
    lengths = op.reduce_sum(sizes, const([1]))
    longest = op.reduce_max(lengths, keepdims=0)
    width = op.reshape(longest + const(_SPARE + 7), const([1]))
    shape = op.concat([op.shape(lengths, start=0, end=1), width], axis=0)
    held = op.expand(const(np.int64(0)), shape)
    for i in range(4):
        # Bytes that a character doesn't have go behind the end, where they add nothing.
        has = op.greater(sizes, const(i))
        place = op.where(has, op.add(begin, const(i)), op.add(longest, const(1)))
        byte = op.mul(cast(low(down(whole, 8 * i), 8), np.int64), cast(has, np.int64))
        held = op.scatter_elements(held, place, byte, axis=1, reduction="add")
    return Octets(_eights(cast(held, np.uint64)), lengths)


def _sizes(characters: Var) -> Var:
    """int64: how many bytes each character has, none where there is no character."""
    found = cast(op.not_(op.equal(characters, const(""))), np.int64)
    for pattern in _LONGER:
        found = op.add(found, cast(op.regex_full_match(characters, pattern=pattern), np.int64))
    return found


def _bytes(characters: Var, sizes: Var) -> Var:
    """uint64: the bytes of each character, the first one lowest: ``hashes.murmur3`` backwards."""
    h = cast(op.bitwise_and(cast(murmur_hash(characters), np.int64), const(2**32 - 1)), np.uint64)
    h = _unmultiplied(mixed(h, down(h, 16)), 0xC2B2AE35)
    h = _unmultiplied(mixed(h, down(h, 13), down(h, 26)), 0x85EBCA6B)
    h = mixed(h, down(h, 16), cast(sizes, np.uint64))
    # A block of four bytes is turned, multiplied and added to; a shorter rest isn't.
    block = _unmultiplied(h + word(2**32 - 0xE6546B64), 5)
    k = chosen(op.equal(sizes, const(4)), _turned(block, 13), h)
    return _unmultiplied(_turned(_unmultiplied(k, 0x1B873593), 15), 0xCC9E2D51)


def _unmultiplied(x: Var, factor: int) -> Var:
    """What times ``factor`` is ``x``, modulo 2**32."""
    return low(op.mul(x, word(pow(factor, -1, 2**32))), 32)


def _turned(x: Var, bits: int) -> Var:
    """The 32 bits of ``x`` moved to the right, those that fall off put in front."""
    return op.bitwise_or(down(x, bits), low(up(x, 32 - bits), 32))


def _eights(held: Var) -> Var:
    """Eight neighbours together at every place, of bytes ``[N, L + 8]``."""
    for width in (1, 2, 4):
        front = op.slice(held, const([0]), const([-width]), const([1]))
        behind = op.slice(held, const([width]), const([np.iinfo(np.int64).max]), const([1]))
        held = op.bitwise_or(front, up(behind, 8 * width))
    return held
