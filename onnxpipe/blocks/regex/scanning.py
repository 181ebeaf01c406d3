"""Texts gone through by an automaton, all rows side by side, one character of each at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import code_points
from onnxpipe.blocks.language.characters import concatenated
from onnxpipe.blocks.language.ragged import Ragged
from onnxpipe.blocks.regex.automata import Automaton
from onnxpipe.blocks.regex.matching import Span, last, matches, rows
from onnxpipe.blocks.regex.symbols import symbols
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, cast, concat, const, op

_EVER = int(np.iinfo(np.int64).max)
_RADIX = 8
"""How many pieces one round of spelling puts together."""


class _Pieces(NamedTuple):
    """Pieces of words ``[N, M]``, and where each word begins and how many pieces it has, ``[N, T]``."""

    pieces: Var
    begin: Var
    length: Var


def found(text: Var, automaton: Automaton) -> Var:
    """What the pattern finds in ``text`` ``[N]`` (at least one of them not empty): ``[N, T]``, padded on
    the right.
    """
    characters = code_points(text)
    padded = concat([characters, op.expand(const([[""]]), rows(characters))], 1)
    spans = _together(matches(symbols(padded, automaton), automaton))
    begin = op.add(spans.begin, const(automaton.before))
    return _spelled(padded, Span(begin, op.sub(spans.stop, const(automaton.behind))))


def between(text: Var, automaton: Automaton) -> Ragged:
    """What lies before, between and behind what the pattern finds in ``text`` ``[N]``, also where that is
    nothing: one more than it finds.
    """
    characters = code_points(text)
    padded = concat([characters, op.expand(const([[""]]), rows(characters))], 1)
    spans = _together(matches(symbols(padded, automaton), automaton))
    length = op.reduce_sum(cast(op.not_(op.equal(padded, const(""))), np.int64), const([1]))
    known = op.greater(spans.stop, spans.begin)
    begin, stop = (op.where(known, each, length) for each in spans)
    zero = op.expand(const([[0]]), rows(padded))
    gaps = Span(op.concat([zero, stop], axis=1), op.concat([begin, length], axis=1))
    count = op.reduce_sum(cast(known, np.int64), const([1]))
    return Ragged(_spelled(padded, gaps), op.add(count, const(1)))


def _together(spans: Span) -> Span:
    """The matches moved to the left, 0 to 0 where there are none behind them."""
    known = op.greater_or_equal(spans.begin, const(0))
    rank = op.cumsum(cast(known, np.int64), const(1))
    most = op.reduce_max(op.max([rank, const(0)]), keepdims=0)
    place = op.where(known, op.sub(rank, const(1)), most)
    width = op.reshape(op.add(most, const(1)), const([1]))
    none = op.expand(const(0), op.concat([op.shape(known, start=0, end=1), width], axis=0))
    moved = [op.scatter_elements(none, place, op.max([each, const(0)]), axis=1) for each in spans]
    return Span(*moved)


def _spelled(characters: Var, spans: Span) -> Var:
    """The characters of each span as one text, ``[N, T]``; spans follow each other, empty ones among them
    or, wherever they begin, last.
    """
    start = _Pieces(characters, spans.begin, op.max([op.sub(spans.stop, spans.begin), const(0)]))

    def step(_: Var, held: _Pieces) -> tuple[_Pieces, Var]:
        joined = _joined(held)
        return joined, op.greater(op.reduce_max(joined.length, keepdims=0), const(1))

    held = iterated(start, _EVER, step)
    words = op.gather_elements(held.pieces, op.min([held.begin, last(held.pieces)]), axis=1)
    return op.where(op.greater(held.length, const(0)), words, const(""))


def _joined(held: _Pieces) -> _Pieces:
    """Every ``_RADIX`` pieces of a word as one; what is left of each word stands side by side again."""
    length = op.div(op.add(held.length, const(_RADIX - 1)), const(_RADIX))
    begin = op.cumsum(length, const(1), exclusive=1)
    width = op.reduce_max(op.reduce_sum(length, const([1])), keepdims=0)
    slots = op.range(const(0), op.add(width, const(1)), const(1))
    sizes = op.concat([op.shape(length, start=0, end=1), op.shape(slots)], axis=0)
    # Each slot belongs to the last word that begins there or before: empty ones before it count along.
    ones = op.expand(const(1), op.shape(length))
    heads = op.scatter_elements(op.expand(const(0), sizes), begin, ones, axis=1, reduction="add")
    owner = op.sub(op.cumsum(heads, const(1)), const(1))
    offset = op.sub(slots, op.gather_elements(begin, owner, axis=1))
    first = op.gather_elements(held.begin, owner, axis=1)
    stop = op.add(first, op.gather_elements(held.length, owner, axis=1))
    source = op.add(first, op.mul(offset, const(_RADIX)))
    shares = [_piece(held.pieces, op.add(source, const(k)), stop) for k in range(_RADIX)]
    return _Pieces(concatenated(shares), begin, length)


def _piece(pieces: Var, place: Var, stop: Var) -> Var:
    """The pieces at places before ``stop``, the empty text at others."""
    found = op.gather_elements(pieces, op.min([place, last(pieces)]), axis=1)
    return op.where(op.less(place, stop), found, const(""))
