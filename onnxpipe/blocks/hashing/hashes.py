"""Hashes of text: the hashing trick (one of a fixed number of columns, with a sign), and buckets."""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import murmur_hash
from onnxpipe.blocks.hashing.fingerprints import fingerprint, together
from onnxpipe.blocks.hashing.keyed_hashes import sip_hash
from onnxpipe.blocks.hashing.octets import Octets, encoded
from onnxpipe.blocks.hashing.uint64 import remainder, word
from onnxpipe.blocks.language.text import BLANK, padded
from onnxpipe.blocks.terms import summed
from onnxpipe.core.frame import Terms
from onnxpipe.core.ops import Var, cast, concat, const, is_string, op, shape_of, shaped

_MASK = 0xFFFFFFFF
_CROSS = 0xDECAFCAFFE
"""What a crossing's hash begins with."""


class Hashed(NamedTuple):
    """Hash codes (int64) and weights ``[N, G]``."""

    codes: Var
    weights: Var


def hashed(tokens: Var, signed: bool, dtype: Any) -> Hashed:
    """The tokens ``[N, G]``, each with weight 1, or -1 where its hash is negative; blanks weigh nothing."""
    codes = cast(murmur_hash(tokens), np.int64)
    weights = cast(op.not_(op.equal(tokens, const(BLANK))), dtype)
    if signed:
        weights = op.where(op.less(codes, const(0)), op.neg(weights), weights)
    return Hashed(codes, weights)


def added(parts: Sequence[Hashed], width: int) -> Var:
    """The weights added up in the columns of their codes, ``[N, width]``.

    The column is the code's magnitude modulo ``width``: sklearn/feature_extraction/_hashing_fast.pyx. Its
    special case for the lowest int32, which has no magnitude there, is this very formula in int64.
    """
    codes, weights = (concat(list(each), 1) for each in zip(*parts, strict=True))
    return summed(Terms(op.mod(op.abs(codes), const(width)), weights), width)


def signed_hash(name: str, seed: int = 0) -> int:
    """The hash of one token, from -2^31 up."""
    code = murmur3(name.encode(), seed)
    return code - 2**32 if code >= 2**31 else code


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3 (x86, 32 bits), after Austin Appleby's reference code."""
    state = seed
    for i in range(0, len(data), 4):
        word = int.from_bytes(data[i : i + 4], "little") * 0xCC9E2D51 & _MASK
        state ^= _rotated(word, 15) * 0x1B873593 & _MASK
        if i + 4 <= len(data):
            state = (_rotated(state, 13) * 5 + 0xE6546B64) & _MASK
    state ^= len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & _MASK
    state = (state ^ state >> 13) * 0xC2B2AE35 & _MASK
    return state ^ state >> 16


def by_magnitude(code: int, width: int) -> int:
    """The column of a code by its magnitude."""
    return abs(code) % width


def colliding(
    width: int, count: int = 4, *, seed: int = 0, column: Callable[[int, int], int] = by_magnitude
) -> list[str]:
    """Pairs of words that share a column of ``width``, those first whose codes differ in their sign."""
    first: dict[int, tuple[str, int]] = {}
    found: dict[bool, list[str]] = {True: [], False: []}
    letters = string.ascii_lowercase
    for token in map("".join, itertools.product(letters, repeat=3)):
        value = signed_hash(token, seed)
        other, sign = first.setdefault(column(value, width), (token, value))
        kept = found[(value < 0) == (sign < 0)]
        if other != token and len(kept) < count:
            kept.append(f"{other} {token}")
        if all(len(pairs) == count for pairs in found.values()):
            break
    return [*found[False], *found[True]]


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & _MASK


def bucketed(text: Var, count: int, key: tuple[int, int] | None = None) -> Var:
    """int64, the shape of ``text``: the bucket of each by FarmHash, or by SipHash under a key.

    TensorFlow's ``to_hash_bucket_fast`` and ``to_hash_bucket_strong``.
    """
    return remainder(_each(text, (lambda held: sip_hash(held, key)) if key else fingerprint), count)


def crossed(columns: Sequence[Var], count: int) -> Var:
    """int64, the shape of the columns (text or int64): the bucket of what stands side by side in them.

    TensorFlow's ``sparse.cross_hashed``: tensorflow/core/kernels/sparse_cross_op.cc.
    """
    whole = word(_CROSS)
    for column in columns:
        hashed = _each(column, fingerprint) if is_string(column) else cast(column, np.uint64)
        whole = together(whole, hashed)
    return remainder(whole, count)


def _each(text: Var, function: Callable[[Octets], Var]) -> Var:
    """uint64, the shape of ``text``: a hash of each."""
    flat = op.reshape(text, const([-1]))
    hashed = padded(flat, lambda held: op.reshape(function(encoded(held)), const([-1])))
    return shaped(op.reshape(hashed, op.shape(text)), *shape_of(text))
