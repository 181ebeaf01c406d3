"""Regular expressions as tables that find, character by character, exactly what Python's ``re`` finds.

A pattern becomes a program of a virtual machine whose threads are ordered by preference (Pike's, as
described by Cox, "Regular Expression Matching: the Virtual Machine Approach"), and the program a table
over classes of characters: its states are ordered lists of threads, so that the first alternative wins
and a greedy or lazy repeat stops where Python's does. What lies one character before or behind
(``\\b``, ``(?=\\s)``, ``(?<!#)``) is looked at when the next character is known; looks at more than that
are answered beforehand, for all places of a text (``looks``). Where a group of any length is the token, a
table says which thread each thread comes from, as in Laurikari, "NFAs with Tagged Transitions".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.regex.groups import Group, group_of
from onnxpipe.blocks.regex.looks import Sight, seen
from onnxpipe.blocks.regex.masks import Untranslatable, parsed
from onnxpipe.blocks.regex.programs import Program, Step, Terms
from onnxpipe.blocks.regex.threads import Alphabet, Machine, Thread, alphabet

_MOST_STATES = 3000
_LARGEST = 1_000_000
"""How many entries a table has at most."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the places come from at which the group of each thread begins and stops.

    There are ``threads`` beginnings, as many ends, and the place that is read: ``sources``
    ``[states, symbols, 2 * threads]`` says which of them are those after a symbol, ``found``
    ``[states, symbols, 2]`` those of a match that ends before it.
    """

    threads: int
    sources: NDArray[np.int64]
    found: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Automaton:
    """A pattern as tables over symbols: classes of characters, and looks as bits above them.

    ``follow`` ``[states, symbols]`` is the next state (0: no match goes on), ``accepts`` whether what
    was read so far is a match. ``first`` ``[symbols]`` is the state to begin in after each symbol. A match
    without its first ``before`` and last ``behind`` characters is the token, or what ``marks`` follow.
    """

    alphabet: Alphabet
    looks: tuple[Sight, ...]
    follow: NDArray[np.int64]
    accepts: NDArray[np.bool_]
    first: NDArray[np.int64]
    before: int = 0
    behind: int = 0
    marks: Marks | None = None


@cache
def compiled(pattern: str, *, of_java: bool = False) -> Automaton:
    """The automaton that finds what ``findall`` finds. Raises Untranslatable for what no table can do.

    Where the pattern comes ``of_java``, so do repeats of what may be empty: it has its own rules for them.
    """
    tree = parsed(pattern)
    terms = Terms()
    group = group_of(tree)
    program = Program(terms, marks=group.marks)
    program.write(tree, int(tree.state.flags))
    if of_java and program.loops:
        raise Untranslatable("a repeat of what may be empty")
    letters = alphabet(terms.masks)
    looks = tuple(seen(look, letters, number) for number, look in enumerate(terms.looks))
    return _tabulated(Machine((*program.steps, Step("found")), letters), looks, group)


def _tabulated(machine: Machine, looks: tuple[Sight, ...], group: Group) -> Automaton:
    """The tables of a program. Raises Untranslatable where they would be too large or match nothing."""
    end, symbols = machine.alphabet.end, machine.alphabet.size * 2 ** len(looks)
    known: dict[tuple[tuple[int, ...], int], int] = {((), end): 0}
    states = list(known)
    looks_back = machine.looks_back

    def number(places: tuple[int, ...], symbol: int) -> int:
        state = (places, symbol % machine.alphabet.size if looks_back and places else end)
        if state not in known:
            known[state] = len(known)
            states.append(state)
        return known[state]

    first = [number((0,), last) for last in range(symbols)]
    follow: list[list[int]] = []
    moves: list[list[tuple[tuple[Thread, ...], Thread | None]]] = []
    for places, last in states:  # which grows on the way
        moves.append([machine.moved(places, last, now) for now in range(symbols)])
        follow.append([number(tuple(t.place for t in kept), now) for now, (kept, _) in enumerate(moves[-1])])
        if len(known) > _MOST_STATES or len(moves) * symbols > _LARGEST:
            raise Untranslatable("a choice among too many ways to go on")
    accepts = np.array([[found is not None for _, found in row] for row in moves])
    if accepts[first].any():
        raise Untranslatable("empty matches")
    tables = np.array(follow), accepts, np.array(first)
    marks = _marked(moves) if group.marks else None
    return Automaton(machine.alphabet, looks, *tables, group.before, group.behind, marks)


def _marked(moves: list[list[tuple[tuple[Thread, ...], Thread | None]]]) -> Marks:
    """Where the marks of each thread come from. Raises Untranslatable where that is too large a table."""
    most = max(len(kept) for row in moves for kept, _ in row)
    if len(moves) * len(moves[0]) * most > _LARGEST:
        raise Untranslatable("a group among too many ways to go on")
    shape = len(moves), len(moves[0])
    sources, found = np.zeros((*shape, 2, most), np.int64), np.zeros((*shape, 2), np.int64)
    for i, row in enumerate(moves):
        for j, (kept, ended) in enumerate(row):
            for k, thread in enumerate(kept):
                sources[i, j, :, k] = _origins(thread, most)
            if ended is not None:
                found[i, j] = _origins(ended, most)
    return Marks(most, sources.reshape(*shape, 2 * most), found)


def _origins(thread: Thread, most: int) -> tuple[int, int]:
    """Which places the group of a thread begins and stops at: one that it had, or here."""
    return (
        2 * most if thread.opened else thread.source,
        2 * most if thread.closed else most + thread.source,
    )
