"""The hashing trick: text to one of a fixed number of columns, with a sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import murmur_hash
from onnxpipe.blocks.text import BLANK, tallied
from onnxpipe.core.ops import Var, cast, concat, const, op

_MASK = 0xFFFFFFFF


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
    return tallied(op.mod(op.abs(codes), const(width)), weights, width)


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


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & _MASK
