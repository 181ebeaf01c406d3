"""Looks at several characters: whether something is found from each place of a text on.

Texts are read from their end: the state at a place is the set of steps from which the rest of the text
leads to the end of the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.blocks.regex.programs import Look
from onnxpipe.blocks.regex.threads import Alphabet, Machine

_LARGEST = 200_000
"""How many entries a table has at most."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A look as tables over the state behind a character, the class of the one before it (one for all where
    that doesn't matter), and its symbol, int64 and bool ``[states, befores, symbols]``.

    ``follow`` is the state at the character, ``holds`` whether something is found from there on; a text
    begins in state 0 behind its end. The look is asked for ``back`` characters later.
    """

    follow: NDArray[np.int64]
    holds: NDArray[np.bool_]
    back: int


def seen(look: Look, alphabet: Alphabet, number: int) -> Sight:
    """The tables of a look, which may itself ask for those of lower numbers. Raises Untranslatable."""
    machine = Machine(look.steps, alphabet)
    befores = range(alphabet.size) if machine.looks_back else range(alphabet.end, alphabet.size)
    pairs = [(last, now) for last in befores for now in range(alphabet.size * 2**number)]
    places = [0, *(i + 1 for i, step in enumerate(look.steps) if step.kind == "read")]

    @cache
    def ways(place: int, last: int, now: int) -> list[int]:
        return [thread.place for thread in machine.reached((place,), last, now)]

    def leads(place: int, pair: tuple[int, int], behind: frozenset[int]) -> bool:
        return any(
            look.steps[way].kind == "found"
            or (alphabet.holds(pair[1] % alphabet.size, look.steps[way].mask) and way + 1 in behind)
            for way in ways(place, *pair)
        )

    known: dict[frozenset[int], int] = {frozenset(): 0}
    states = list(known)
    follow: list[list[int]] = []
    for behind in states:  # which grows on the way
        here = [frozenset(p for p in places if leads(p, pair, behind)) for pair in pairs]
        for state in here:
            if state not in known:
                known[state] = len(known)
                states.append(state)
        follow.append([known[state] for state in here])
        if len(known) * len(pairs) > _LARGEST:
            raise Untranslatable("a look ahead with too many ways to go on")
    starts = np.array([0 in state for state in states])
    shape = len(states), len(befores), -1
    table = np.array(follow)
    return Sight(table.reshape(shape), starts[table].reshape(shape), look.back)
