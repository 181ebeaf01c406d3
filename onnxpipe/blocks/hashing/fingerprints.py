"""FarmHash's Fingerprint64 of texts, by which TensorFlow spreads words over buckets.

Formulas and names: farmhashna in src/farmhash.cc of https://github.com/google/farmhash. Values are uint64
``[N, 1]``; every row goes through the formula of every length, and the one of its own is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.hashing.octets import Octets
from onnxpipe.blocks.hashing.uint64 import chosen, folded, low, mixed, turned, up, word
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, cast, const, op

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_CAT = 0xC6A4A7935BD1E995


def fingerprint(text: Octets) -> Var:
    """The hash of each text. No formula is run that none of them is long enough for."""
    found = chosen(_within(text, 7), _up_to_7(text), _up_to_16(text))
    found = chosen(_within(text, 0), word(_K2), chosen(_within(text, 3), _up_to_3(text), found))
    longest = op.reduce_max(text.lengths, keepdims=0)

    def if_beyond(limit: int, found: Var, longer: Callable[[], Var]) -> Var:
        made = op.if_(
            op.greater(longest, const(limit)),
            then_branch=lambda: [chosen(_within(text, limit), found, longer())],
            else_branch=lambda: [op.identity(found)],
        )
        return made[0]

    found = if_beyond(16, found, lambda: chosen(_within(text, 32), _up_to_32(text), _up_to_64(text)))
    return if_beyond(64, found, lambda: _long(text))


def _within(text: Octets, limit: int) -> Var:
    return op.less_or_equal(text.lengths, const(limit))


def together(first: Var, second: Var) -> Var:
    """One hash of two: FingerprintCat64 of tsl/platform/fingerprint.h."""
    k = word(_CAT)
    result = op.mul(mixed(first, op.mul(folded(op.mul(second, k), 47), k), k), k)
    return folded(op.mul(folded(result, 47), k), 47)


def _pair(u: Var, v: Var, factor: Var) -> Var:
    """HashLen16."""
    a = folded(op.mul(mixed(u, v), factor), 47)
    return op.mul(folded(op.mul(mixed(v, a), factor), 47), factor)


def _size(text: Octets) -> Var:
    return cast(text.lengths, np.uint64)


def _factor(text: Octets) -> Var:
    return word(_K2) + up(_size(text), 1)


def _up_to_3(text: Octets) -> Var:
    middle = text.at(op.div(text.lengths, const(2)))
    a, b, c = (low(each, 8) for each in (text.head(0), middle, text.tail(1)))
    y, z = a + up(b, 8), _size(text) + up(c, 2)
    return op.mul(folded(mixed(op.mul(y, word(_K2)), op.mul(z, word(_K0))), 47), word(_K2))


def _up_to_7(text: Octets) -> Var:
    a, b = low(text.head(0), 32), low(text.tail(4), 32)
    return _pair(_size(text) + up(a, 3), b, _factor(text))


def _up_to_16(text: Octets) -> Var:
    factor = _factor(text)
    a, b = text.head(0) + word(_K2), text.tail(8)
    c, d = op.mul(turned(b, 37), factor) + a, op.mul(turned(a, 25) + b, factor)
    return _pair(c, d, factor)


def _up_to_32(text: Octets) -> Var:
    factor = _factor(text)
    a, b = op.mul(text.head(0), word(_K1)), text.head(8)
    c, d = op.mul(text.tail(8), factor), op.mul(text.tail(16), word(_K2))
    return _pair(*_sums(a, b, c, d), factor)


def _sums(a: Var, b: Var, c: Var, d: Var) -> tuple[Var, Var]:
    return turned(a + b, 43) + turned(c, 30) + d, a + turned(b + word(_K2), 18) + c


def _up_to_64(text: Octets) -> Var:
    factor = _factor(text)
    a, b = op.mul(text.head(0), word(_K2)), text.head(8)
    c, d = op.mul(text.tail(8), factor), op.mul(text.tail(16), word(_K2))
    y, other = _sums(a, b, c, d)
    z = _pair(y, other, factor)
    e, f = op.mul(text.head(16), factor), text.head(24)
    g, h = (op.mul(x + text.tail(k), factor) for x, k in ((y, 32), (z, 24)))
    return _pair(turned(e + f, 43) + turned(g, 30) + h, e + turned(f + a, 18) + g, factor)


class _State(NamedTuple):
    """What 56 bytes are kept in, between blocks of 64."""

    x: Var
    y: Var
    z: Var
    v1: Var
    v2: Var
    w1: Var
    w2: Var


def _long(text: Octets) -> Var:
    """Of texts beyond 64 bytes: every block but the last, then the last 64 bytes."""
    rounds = op.div(text.lengths - const(1), const(64))
    start, none = op.mul(text.head(0), word(0)), op.mul(text.lengths, const(0))
    y = start + word(81 * _K1 + 113)
    seed = _State(
        text.head(0) + word(81 * _K2), y, op.mul(folded(op.mul(y, word(_K2)) + word(113), 47), word(_K2)),
        start, start, start, start,
    )  # fmt: skip

    def step(count: Var, state: _State) -> tuple[_State, Var]:
        made = _block(text, none + op.mul(count, const(64)), state, word(_K1), 1)
        going = op.less(count, rounds)
        return _State(*(chosen(going, *pair) for pair in zip(made, state, strict=True))), const(True)

    x, y, z, v1, v2, w1, w2 = iterated(seed, op.max([op.reduce_max(rounds, keepdims=0), const(0)]), step)
    factor = word(_K1) + up(low(z, 8), 1)
    w1 = w1 + low(_size(text) - word(1), 6)
    v1 = v1 + w1
    ahead = op.max([text.lengths - const(64), const(0)])
    last = _block(text, ahead, _State(x, y, z, v1, v2, w1 + v1, w2), factor, 9)
    x, y, z, v1, v2, w1, w2 = last
    first = _pair(v1, w1, factor) + op.mul(folded(y, 47), word(_K0)) + z
    return _pair(first, _pair(v2, w2, factor) + x, factor)


def _block(text: Octets, place: Var, state: _State, factor: Var, weight: int) -> _State:
    """The state after the 64 bytes from a place on."""
    s = [text.at(place + const(8 * i)) for i in range(8)]
    x, y, z, v1, v2, w1, w2 = state
    x = op.mul(turned(x + y + v1 + s[1], 37), factor)
    y = op.mul(turned(y + v2 + s[6], 42), factor)
    x = mixed(x, op.mul(w2, word(weight)))
    y = y + op.mul(v1, word(weight)) + s[5]
    z = op.mul(turned(z + w1, 33), factor)
    v1, v2 = _weak(s[:4], op.mul(v2, factor), x + w1)
    w1, w2 = _weak(s[4:], z + w2, y + s[2])
    return _State(z, y, x, v1, v2, w1, w2)


def _weak(s: list[Var], a: Var, b: Var) -> tuple[Var, Var]:
    """WeakHashLen32WithSeeds."""
    a = a + s[0]
    b = turned(b + a + s[3], 21)
    c, a = a, a + s[1] + s[2]
    return a + s[3], b + turned(a, 44) + c
