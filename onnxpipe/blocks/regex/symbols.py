"""What an automaton reads of texts: the class of each character, and which looks find something there."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.regex.automata import Automaton
from onnxpipe.blocks.regex.looks import Sight
from onnxpipe.blocks.regex.masks import ranges
from onnxpipe.blocks.regex.threads import Alphabet
from onnxpipe.core.loops import followed
from onnxpipe.core.ops import Var, cast, const, op


class _Letters(NamedTuple):
    """For each place ``[L, N]``: the class of the character before it, and its symbol so far."""

    before: Var
    read: Var


def symbols(characters: Var, automaton: Automaton) -> Var:
    """The symbols of ``characters`` ``[N, L]``, the empty text behind the last ones: int64 ``[N, L]``."""
    found = _classes(characters, automaton.alphabet)
    if not automaton.looks:
        return found
    read, size = op.transpose(found, perm=[1, 0]), automaton.alphabet.size
    start = op.expand(const([[automaton.alphabet.end]]), _first(read))
    before = op.concat([start, op.slice(read, const([0]), const([-1]), const([0]))], axis=0)
    for number, sight in enumerate(automaton.looks):
        hits = _later(_holding(_Letters(before, read), sight), sight.back)
        read = op.add(read, op.mul(hits, const(size * 2**number)))
    return op.transpose(read, perm=[1, 0])


def _first(x: Var) -> Var:
    """The shape ``[1, N]``."""
    return op.concat([const([1]), op.shape(x, start=1)], axis=0)


def _classes(characters: Var, alphabet: Alphabet) -> Var:
    """The class of each character, int64 ``[N, L]``; where there is none, the end."""
    bits = [
        op.mul(cast(op.regex_full_match(characters, pattern=f"[{ranges(mask)}]"), np.int64), const(1 << bit))
        for bit, mask in enumerate(alphabet.masks)
        if mask.any()
    ]
    numbers = op.gather(const(alphabet.numbers), reduce(op.add, bits, const([[0]])), axis=0)
    return op.where(op.equal(characters, const("")), const(alphabet.end), numbers)


def _holding(letters: _Letters, sight: Sight) -> Var:
    """Whether a look finds something at each place, int64 ``[L, N]`` of 0 and 1; read from the end on."""
    befores, count = sight.follow.shape[1:]
    symbol = op.add(op.mul(letters.before, const(count)), letters.read) if befores > 1 else letters.read
    follow, holds = (const(np.ravel(table), np.int64) for table in (sight.follow, sight.holds))

    def step(state: Var, now: Var) -> tuple[Var, Var]:
        move = op.add(op.mul(state, const(befores * count)), now)
        return op.gather(follow, move, axis=0), op.gather(holds, move, axis=0)

    none = op.squeeze(op.expand(const([[0]]), _first(symbol)), const([0]))
    return _reversed(followed([none], [_reversed(symbol)], step)[1])


def _reversed(x: Var) -> Var:
    return op.slice(x, const([-1]), const([np.iinfo(np.int64).min]), const([0]), const([-1]))


def _later(hits: Var, back: int) -> Var:
    """``hits`` ``[L, N]`` so many places later, none at the first ones."""
    if not back:
        return hits
    padded = op.pad(hits, const([back, 0, 0, 0]), const(0))
    return op.slice(padded, const([0]), op.shape(hits, start=0, end=1), const([0]))
