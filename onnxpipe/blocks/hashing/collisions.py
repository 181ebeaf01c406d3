"""Words whose hashes meet, or lie in the outermost buckets: computed here, for rows that are to be tried."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from onnxpipe.blocks.hashing.hashes import by_magnitude, signed_hash

_MASK = 2**64 - 1
_K2, _CAT, _CROSS = 0x9AE16A3B2F90404F, 0xC6A4A7935BD1E995, 0xDECAFCAFFE
_WORDS, _MOST = 3000, 40_000
"""Words tried: two lists of 3000 meet about nine times in the 2^20 columns of a usual hashing trick."""


Pairs = Iterable[tuple[str, str]]


class Met(NamedTuple):
    """Texts that meet, the i-th of the one key or column and the i-th of the other; none twice in one."""

    first: list[str]
    second: list[str]

    @classmethod
    def of(cls, pairs: Pairs) -> Met:
        made = cls([], [])
        for a, b in pairs:
            if a not in made.first and b not in made.second:
                made.first.append(a)
                made.second.append(b)
        return made


def words() -> Iterator[str]:
    """Words of four letters; the last come first, as no list of words has them."""
    return map("".join, itertools.product(reversed(string.ascii_lowercase), repeat=4))


def meeting(first: str, second: str, width: int, count: int = 4) -> Met:
    """Values of two keys whose ``key=value`` share a column, as many with one sign as with two."""
    known: dict[int, tuple[str, bool]] = {}
    for word in itertools.islice(words(), _WORDS):
        code = signed_hash(f"{first}={word}")
        known.setdefault(by_magnitude(code, width), (word, code < 0))
    found: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for word in itertools.islice(words(), _WORDS):
        code = signed_hash(f"{second}={word}")
        other = known.get(by_magnitude(code, width))
        if other and len(found[other[1] == (code < 0)]) < count:
            found[other[1] == (code < 0)].append((other[0], word))
    return Met.of([*found[False], *found[True]])


def bucketed(width: int, count: int = 4) -> Met:
    """Words in the first and the last bucket by FarmHash, then such as share one."""
    held: dict[int, str] = {}
    pairs: list[tuple[str, str]] = []
    ends: dict[int, str] = {}
    for word in itertools.islice(words(), min(_MOST, 20 * width)):
        bucket = fingerprint(word) % width
        if held.setdefault(bucket, word) != word and len(pairs) < count:
            pairs.append((held[bucket], word))
        if bucket in (0, width - 1):
            ends.setdefault(bucket, word)
    return Met.of([*zip(ends.values(), reversed(ends.values()), strict=True), *pairs])


def crossing(width: int, count: int = 3) -> Met:
    """Pairs of words that cross in the first bucket and in the last."""
    found: dict[int, list[tuple[str, str]]] = {0: [], width - 1: []}
    for word in itertools.islice(words(), min(_MOST, 20 * width)):
        pair = (word, word[::-1])
        kept = found.get(crossed(*pair) % width)
        if kept is not None and len(kept) < count:
            kept.append(pair)
    return Met.of(pair for pairs in found.values() for pair in pairs)


def fingerprint(word: str) -> int:
    """FarmHash's Fingerprint64 of four to seven bytes (HashLen0to16 of farmhashna)."""
    data = word.encode()
    factor = _K2 + 2 * len(data)
    first, last = (int.from_bytes(part, "little") for part in (data[:4], data[-4:]))
    return _mixed(len(data) + (first << 3), last, factor)


def crossed(first: str, second: str) -> int:
    """What TensorFlow's ``sparse.cross_hashed`` has for two words: FingerprintCat64, one after the other."""
    return _joined(_joined(_CROSS, fingerprint(first)), fingerprint(second))


def _mixed(u: int, v: int, factor: int) -> int:
    """HashLen16."""
    a = _folded((u ^ v) * factor & _MASK)
    return _folded((v ^ a) * factor & _MASK) * factor & _MASK


def _folded(value: int) -> int:
    return value ^ value >> 47


def _joined(first: int, second: int) -> int:
    """FingerprintCat64 of tsl/platform/fingerprint.h."""
    result = (first ^ _CAT ^ (_folded(second * _CAT & _MASK) * _CAT & _MASK)) * _CAT & _MASK
    return _folded(_folded(result) * _CAT & _MASK)
