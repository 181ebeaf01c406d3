"""SipHash-2-4 of texts, by which TensorFlow spreads words over buckets where it has a key.

Formula: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). Values are uint64 ``[N, 1]``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.hashing.octets import Octets
from onnxpipe.blocks.hashing.uint64 import chosen, mixed, turned, up, word
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, cast, const, op

_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


class _State(NamedTuple):
    a: Var
    b: Var
    c: Var
    d: Var


def sip_hash(text: Octets, key: tuple[int, int]) -> Var:
    """The hash of each text under a key of two whole numbers."""
    none, first = op.mul(text.head(0), word(0)), op.mul(text.lengths, const(0))
    state = _State(*(none + word(v ^ key[i % 2] % 2**64) for i, v in enumerate(_START)))
    whole = op.div(text.lengths, const(8))

    def step(count: Var, state: _State) -> tuple[_State, Var]:
        made = _absorbed(state, text.at(first + op.mul(count, const(8))))
        going = op.less(count, whole)
        return _State(*(chosen(going, *pair) for pair in zip(made, state, strict=True))), const(True)

    state = iterated(state, op.reduce_max(whole, keepdims=0), step)
    # What is behind the last whole eight is 0, but for the length in the highest byte.
    rest = text.at(op.mul(whole, const(8))) + up(cast(text.lengths, np.uint64), 56)
    a, b, c, d = _absorbed(state, rest)
    state = _State(a, b, mixed(c, word(0xFF)), d)
    for _ in range(4):
        state = _round(state)
    return mixed(*state)


def _absorbed(state: _State, eight: Var) -> _State:
    a, b, c, d = _round(_round(state._replace(d=mixed(state.d, eight))))
    return _State(mixed(a, eight), b, c, d)


def _round(state: _State) -> _State:
    a, b, c, d = state
    a, c = a + b, c + d
    b, d = mixed(turned(b, 51), a), mixed(turned(d, 48), c)
    a, c = turned(a, 32) + d, c + b
    b, d = mixed(turned(b, 47), c), mixed(turned(d, 43), a)
    return _State(a, b, turned(c, 32), d)
