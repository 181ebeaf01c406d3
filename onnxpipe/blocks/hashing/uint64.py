"""Arithmetic of hashes: uint64 that wraps around, bits moved and mixed."""

from __future__ import annotations

from functools import reduce

import numpy as np

from onnxpipe.core.ops import Var, cast, const, op


def word(value: int) -> Var:
    """A constant, modulo 2**64."""
    return const(np.uint64(value % 2**64))


def mixed(*parts: Var) -> Var:
    """Exclusive or."""
    return reduce(op.bitwise_xor, parts)


def up(x: Var, bits: int) -> Var:
    """``x << bits``."""
    return op.bit_shift(x, word(bits), direction="LEFT")


def down(x: Var, bits: int) -> Var:
    """``x >> bits``."""
    return op.bit_shift(x, word(bits), direction="RIGHT")


def turned(x: Var, bits: int) -> Var:
    """The bits of ``x`` moved to the right, those that fall off put in front."""
    return op.bitwise_or(down(x, bits), up(x, 64 - bits))


def folded(x: Var, bits: int) -> Var:
    """``x ^ (x >> bits)``."""
    return mixed(x, down(x, bits))


def low(x: Var, bits: int) -> Var:
    """The lowest bits of ``x``."""
    return op.bitwise_and(x, word(2**bits - 1))


def chosen(condition: Var, yes: Var, no: Var) -> Var:
    """``yes`` where the condition holds, else ``no``; onnxruntime has no Where for uint64."""
    return cast(op.where(condition, cast(yes, np.int64), cast(no, np.int64)), np.uint64)


def remainder(x: Var, count: int) -> Var:
    """``x % count``, int64."""
    return cast(op.mod(x, word(count)), np.int64)
