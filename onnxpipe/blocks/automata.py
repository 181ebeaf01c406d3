"""Regular expressions as tables that find, character by character, exactly what Python's ``re`` finds.

A pattern becomes a program of a virtual machine whose threads are ordered by preference (Pike's, as
described by Cox, "Regular Expression Matching: the Virtual Machine Approach"), and the program a table
over classes of characters: its states are ordered lists of threads, so that the first alternative wins
and a greedy or lazy repeat stops where Python's does. What lies one character before or behind
(``\\b``, ``(?=\\s)``, ``(?<!#)``) is looked at when the next character is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.patterns import Mask, Untranslatable, parsed
from onnxpipe.blocks.programs import Program, Step

_MOST_STATES = 3000


@dataclass(frozen=True, slots=True)
class Automaton:
    """A pattern as tables over ``masks``, whose membership bits number the classes of characters.

    ``follow`` ``[states, classes + 1]`` is the next state (0: no match goes on), ``accepts`` whether what
    was read so far is a match; the last class is the end of the text. ``first`` ``[classes + 1]`` is the
    state to begin in after a character of each class, at last after none. A match without its first
    ``before`` and last ``behind`` characters is the token.
    """

    masks: tuple[Mask, ...]
    follow: NDArray[np.int64]
    accepts: NDArray[np.bool_]
    first: NDArray[np.int64]
    before: int = 0
    behind: int = 0

    @property
    def end(self) -> int:
        """The class of the end of a text, and of what comes before its beginning."""
        return int(self.follow.shape[1]) - 1


@cache
def compiled(pattern: str) -> Automaton:
    """The automaton that finds what ``findall`` finds. Raises Untranslatable for what no table can do."""
    parts = parsed(pattern)
    program = Program()
    before, behind = program.sequence(parts, outermost=True)
    program.steps.append(Step("found"))
    return _tabulated(program.steps, tuple(program.masks), before, behind)


def _tabulated(steps: list[Step], masks: tuple[Mask, ...], before: int, behind: int) -> Automaton:
    """The table of a program. Raises Untranslatable where it would be too large or matches nothing."""
    end = 2 ** len(masks)
    looks_back = any(step.kind == "border" or (step.kind == "ask" and not step.ahead) for step in steps)
    known: dict[tuple[tuple[int, ...], int], int] = {((), end): 0}
    states = list(known)

    def number(threads: tuple[int, ...], last: int) -> int:
        state = (threads, last if looks_back and threads else end)
        if state not in known:
            known[state] = len(known)
            states.append(state)
        return known[state]

    first = [number((0,), last) for last in range(end + 1)]
    follow: list[list[int]] = []
    accepts: list[list[bool]] = []
    for threads, last in states:  # which grows on the way
        moves = [_moved(steps, threads, last, now, end) for now in range(end + 1)]
        follow.append([number(kept, now) for now, (kept, _) in enumerate(moves)])
        accepts.append([found for _, found in moves])
        if len(known) > _MOST_STATES:
            raise Untranslatable("a choice among too many ways to go on")
    if any(accepts[state][now] for state in first for now in range(end + 1)):
        raise Untranslatable("empty matches")
    return Automaton(masks, np.array(follow), np.array(accepts), np.array(first), before, behind)


def _moved(
    steps: list[Step], threads: tuple[int, ...], last: int, now: int, end: int
) -> tuple[tuple[int, ...], bool]:
    """The threads after a character of class ``now``, best first, and whether a match ends before it."""
    kept: dict[int, None] = {}
    for place in _reached(steps, threads, last, now, end):
        step = steps[place]
        if step.kind == "found":
            return tuple(kept), True
        if now != end and now >> step.mask & 1:
            kept[place + 1] = None
    return tuple(kept), False


def _reached(steps: list[Step], threads: tuple[int, ...], last: int, now: int, end: int) -> list[int]:
    """The reading and finding steps that threads get to without reading, best first."""
    found: list[int] = []
    seen: set[int] = set()
    todo = list(reversed(threads))
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        step = steps[place]
        if step.kind == "fork":
            todo.extend(reversed(step.places))
        elif step.kind in ("read", "found"):
            found.append(place)
        elif _holds(step, last, now, end):
            todo.append(place + 1)
    return found


def _holds(step: Step, last: int, now: int, end: int) -> bool:
    """Whether what is before (``last``) and behind (``now``) is as a step wants it."""
    if step.kind == "border":
        return (_is(step, last, end) != _is(step, now, end)) == step.wanted
    beside = now if step.ahead else last
    return step.edge if beside == end else _is(step, beside, end) == step.wanted


def _is(step: Step, beside: int, end: int) -> bool:
    return beside != end and bool(beside >> step.mask & 1)
