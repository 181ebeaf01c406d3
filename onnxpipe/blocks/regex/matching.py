"""Where an automaton finds its pattern in texts, all rows side by side, one character of each at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.regex.automata import Automaton, Marks
from onnxpipe.core.loops import logged
from onnxpipe.core.ops import Var, cast, const, op

_EVER = int(np.iinfo(np.int64).max)


class Span(NamedTuple):
    """Where matches begin and stop, int64 ``[N, T]`` each; both -1 where there is none."""

    begin: Var
    stop: Var


class _Place(NamedTuple):
    """Where each row is, int64 ``[N, 1]``: where a match is tried, the next character, the automaton's
    state, and where the best match so far stops (-1: none).
    """

    begin: Var
    at: Var
    state: Var
    best: Var


class _Marked(NamedTuple):
    """A ``_Place``, the marks of its threads ``[N, 2 * threads]``, and those of the best match ``[N, 2]``."""

    begin: Var
    at: Var
    state: Var
    best: Var
    threads: Var
    group: Var


class _Tables(NamedTuple):
    """The tables of an automaton, flat, and how many symbols it reads."""

    follow: Var
    accepts: Var
    first: Var
    symbols: int


class _Turn(NamedTuple):
    """What came of reading a character: the place after it, which ``move`` of the tables it was, whether a
    match ``fits`` before it, the ``best`` one, whether that is ``done``, and whether to go on.
    """

    there: _Place
    move: Var
    fits: Var
    best: Var
    done: Var
    again: Var


def matches(symbols: Var, automaton: Automaton) -> Span:
    """The matches in symbols ``[N, L]`` (of them the group), in as many columns as it took to find them."""
    zero = op.expand(const([[0]]), rows(symbols))
    none = op.sub(zero, const(1))
    begun = op.add(zero, const(int(automaton.first[automaton.alphabet.end])))
    start = _Place(zero, zero, begun, none)
    tables = _Tables(
        const(np.ravel(automaton.follow)),
        const(np.ravel(automaton.accepts), np.int64),
        const(automaton.first),
        automaton.follow.shape[1],
    )
    if automaton.marks is not None:
        return _groups(symbols, tables, start, automaton.marks)

    def step(_: Var, here: _Place) -> tuple[_Place, Var, tuple[Var, ...]]:
        turn = _turn(symbols, tables, here)
        ends = (op.where(turn.done, here.begin, none), op.where(turn.done, turn.best, none))
        return turn.there, turn.again, ends

    return Span(*map(_side_by_side, logged(start, _EVER, step, 2)))


def rows(x: Var) -> Var:
    """The shape ``[N, 1]``."""
    return op.concat([op.shape(x, start=0, end=1), const([1])], axis=0)


def last(x: Var) -> Var:
    """The place of the last column, ``[1]``."""
    return op.sub(op.shape(x, start=1), const(1))


def _groups(symbols: Var, tables: _Tables, start: _Place, marks: Marks) -> Span:
    """``matches``, of each the group. Formula: Laurikari, "NFAs with Tagged Transitions"."""
    sources, found = (const(np.concatenate(list(table))) for table in (marks.sources, marks.found))
    none = op.sub(op.concat([start.at, start.at], axis=1), const(1))
    threads = op.expand(const(np.zeros((1, 2 * marks.threads), np.int64)), rows(symbols))

    def step(_: Var, here: _Marked) -> tuple[_Marked, Var, tuple[Var, ...]]:
        turn = _turn(symbols, tables, _Place(*here[:4]))
        known, move = op.concat([here.threads, here.at], axis=1), op.squeeze(turn.move, const([1]))
        after = op.gather_elements(known, op.gather(sources, move, axis=0), axis=1)
        fitting = op.gather_elements(known, op.gather(found, move, axis=0), axis=1)
        group = op.where(turn.fits, fitting, here.group)
        there = _Marked(*turn.there, after, group)
        return there, turn.again, (op.where(turn.done, group, none),)

    (ends,) = logged(_Marked(*start, threads, none), _EVER, step, 1)
    begin, stop = (op.slice(ends, const([i]), const([i + 1]), const([2])) for i in range(2))
    return Span(_side_by_side(begin), _side_by_side(stop))


def _turn(symbols: Var, tables: _Tables, here: _Place) -> _Turn:
    end = last(symbols)
    now = op.gather_elements(symbols, op.min([here.at, end]), axis=1)
    move = op.add(op.mul(here.state, const(tables.symbols)), now)
    fits = op.greater(op.gather(tables.accepts, move, axis=0), const(0))
    best = op.where(fits, here.at, here.best)
    after = op.gather(tables.follow, move, axis=0)
    over, hit = op.equal(after, const(0)), op.greater(best, here.begin)
    begin = op.where(over, op.where(hit, best, op.add(here.begin, const(1))), here.begin)
    before = op.gather_elements(symbols, op.max([op.min([op.sub(begin, const(1)), end]), const(0)]), axis=1)
    there = _Place(
        begin,
        op.where(over, begin, op.add(here.at, const(1))),
        op.where(over, op.gather(tables.first, before, axis=0), after),
        op.where(over, op.expand(const([[-1]]), rows(symbols)), best),
    )
    again = op.reduce_max(cast(op.less(begin, end), np.int64), keepdims=0)
    return _Turn(there, move, fits, best, op.and_(over, hit), cast(again, np.bool_))


def _side_by_side(ends: Var) -> Var:
    """What each round put out, ``[T, N, 1]``, as ``[N, T]``."""
    return op.transpose(op.squeeze(ends, const([2])), perm=[1, 0])
