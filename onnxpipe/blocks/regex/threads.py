"""Programs carried out over classes of characters: which threads go on, in order of preference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.regex.masks import Mask
from onnxpipe.blocks.regex.programs import Step


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The classes of characters that ``masks`` tell apart.

    ``numbers`` ``[2 ** masks]`` is the class of characters by which masks hold them (bit i: the mask i),
    ``members`` such bits for each class. After the classes comes the end of the text.
    """

    masks: tuple[Mask, ...]
    numbers: NDArray[np.int64]
    members: tuple[int, ...]

    @property
    def end(self) -> int:
        """The class of the end of a text, and of what comes before its beginning."""
        return len(self.members)

    @property
    def size(self) -> int:
        """How many classes there are, the end among them."""
        return len(self.members) + 1

    def holds(self, beside: int, mask: int) -> bool:
        """Whether characters of a class are in a mask; the end isn't."""
        return beside != self.end and bool(self.members[beside] >> mask & 1)


def alphabet(masks: list[Mask]) -> Alphabet:
    """The classes that masks tell apart."""
    bits = np.zeros(len(masks[0]) if masks else 1, np.int64)
    for i, mask in enumerate(masks):
        bits |= mask.astype(np.int64) << i
    members = np.unique(bits)
    numbers = np.zeros(2 ** len(masks), np.int64)
    numbers[members] = np.arange(len(members))
    return Alphabet(tuple(masks), numbers, tuple(members.tolist()))


class Thread(NamedTuple):
    """Where a thread is, which of the threads before it comes from, whether a group began and stopped here
    on its way, and the loops it is in without having read anything.
    """

    place: int
    source: int = 0
    opened: bool = False
    closed: bool = False
    entered: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Machine:
    """A program over an alphabet. Symbols are classes of characters and, by bits above them, the looks that
    find something: ``class + alphabet.size * looks``.
    """

    steps: tuple[Step, ...]
    alphabet: Alphabet

    @property
    def looks_back(self) -> bool:
        """Whether it matters which character comes before."""
        return any(step.kind == "border" or (step.kind == "ask" and not step.ahead) for step in self.steps)

    def moved(self, places: tuple[int, ...], last: int, now: int) -> tuple[tuple[Thread, ...], Thread | None]:
        """The threads behind a symbol ``now``, best first, and the one that ends a match before it."""
        kept: dict[int, Thread] = {}
        for thread in self.reached(places, last, now):
            step = self.steps[thread.place]
            if step.kind == "found":
                return tuple(kept.values()), thread
            if self.alphabet.holds(now % self.alphabet.size, step.mask):
                kept[thread.place + 1] = thread._replace(place=thread.place + 1)
        return tuple(kept.values()), None

    def reached(self, places: tuple[int, ...], last: int, now: int) -> list[Thread]:
        """The reading and finding steps that threads get to without reading, best first."""
        found: dict[int, Thread] = {}
        seen: set[tuple[int, frozenset[int]]] = set()
        todo = [Thread(place, source) for source, place in enumerate(places)][::-1]
        while todo:
            thread = todo.pop()
            if (thread.place, thread.entered) in seen:
                continue
            seen.add((thread.place, thread.entered))
            if self.steps[thread.place].kind in ("read", "found"):
                found.setdefault(thread.place, thread)
            else:
                todo.extend([*self._ways(thread, last, now)][::-1])
        return list(found.values())

    def _ways(self, thread: Thread, last: int, now: int) -> Iterator[Thread]:
        """Where a thread goes from a step that reads nothing, best first."""
        step = self.steps[thread.place]
        if step.kind == "fork":
            yield from (thread._replace(place=place) for place in step.places)
        elif step.kind == "loop":
            yield from self._turns(thread, step)
        elif step.kind == "mark":
            opens, after = step.number == 0, thread._replace(place=thread.place + 1)
            yield after._replace(opened=True) if opens else after._replace(closed=True)
        elif self._holds(step, last, now):
            yield thread._replace(place=thread.place + 1)

    def _turns(self, thread: Thread, step: Step) -> Iterator[Thread]:
        """Into a loop and out of it. As MAX_UNTIL and MIN_UNTIL of Modules/_sre/sre_lib.h: a body that was
        empty isn't tried again where it was.
        """
        into, out = step.places if step.wanted else step.places[::-1]
        left = thread._replace(place=out, entered=thread.entered - {step.number})
        if step.number in thread.entered:
            yield left
            return
        gone = thread._replace(place=into, entered=thread.entered | {step.number})
        yield from (gone, left) if step.wanted else (left, gone)

    def _holds(self, step: Step, last: int, now: int) -> bool:
        """Whether what is before (``last``) and behind (``now``) is as a step wants it."""
        looks, ahead = divmod(now, self.alphabet.size)
        if step.kind == "look":
            return bool(looks >> step.number & 1) == step.wanted
        if step.kind == "border":
            borders = self.alphabet.holds(last, step.mask) != self.alphabet.holds(ahead, step.mask)
            return borders == step.wanted
        beside = ahead if step.ahead else last
        return (
            step.edge
            if beside == self.alphabet.end
            else self.alphabet.holds(beside, step.mask) == step.wanted
        )
