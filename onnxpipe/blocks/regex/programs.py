"""Regular expressions as programs: what to read, where to fork, what to ask of the characters beside.

The instructions are those of Pike's virtual machine, as described by Cox, "Regular Expression Matching:
the Virtual Machine Approach"; places to go on are in order of preference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.blocks.regex.masks import REPEATED, Mask, Untranslatable, mask_of, word_class

_MOST_COPIES = 1000
"""How often a repeat's body is written out."""
_MOST_CLASSES = 12
_MOST_LOOKS = 4
OPEN, CLOSE = 0, 1
"""The numbers of the steps where the group that is answered begins and stops."""


class Step(NamedTuple):
    """One instruction: ``read`` a class, ``fork`` to places, ``found``; or ``ask`` whether the character
    beside is (``wanted``) of a class, ``edge`` where there is none, or there is a ``border`` of words, or
    the look of a ``number`` finds something. A ``loop`` is a fork whose body may be empty: it goes into it
    once where it stands (into the first of its places if ``wanted``, else into the second). A ``mark``
    notes where it stands.
    """

    kind: str
    mask: int = -1
    ahead: bool = True
    wanted: bool = True
    edge: bool = False
    places: tuple[int, ...] = ()
    number: int = -1


class Look(NamedTuple):
    """Whether ``steps`` find something from ``back`` characters before on, if there are so many."""

    steps: tuple[Step, ...]
    back: int


@dataclass(slots=True)
class Terms:
    """What the programs of a pattern share: classes of characters and looks, the inner ones first."""

    masks: list[Mask] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def mask(self, mask: Mask) -> int:
        """The number of a class."""
        for i, known in enumerate(self.masks):
            if np.array_equal(known, mask):
                return i
        if len(self.masks) == _MOST_CLASSES:
            raise Untranslatable(f"more than {_MOST_CLASSES} classes of characters")
        self.masks.append(mask)
        return len(self.masks) - 1

    def look(self, look: Look) -> int:
        """The number of a look."""
        if look not in self.looks:
            if len(self.looks) == _MOST_LOOKS:
                raise Untranslatable(f"more than {_MOST_LOOKS} looks at several characters")
            self.looks.append(look)
        return self.looks.index(look)


class Program:
    """The steps of a pattern, written from its parse tree; with ``marks`` around its group."""

    def __init__(self, terms: Terms, *, marks: bool = False) -> None:
        self.steps: list[Step] = []
        self.loops = 0
        self._terms = terms
        self._marks = marks

    def write(self, parts: Any, flags: int) -> None:
        """Write the parts one after the other. Raises Untranslatable."""
        for op, value in parts:
            self._part(str(op), value, flags)

    def _part(self, op: str, value: Any, flags: int) -> None:
        if op == "SUBPATTERN":
            self._group(value, flags)
        elif op in ("MAX_REPEAT", "MIN_REPEAT"):
            self._repeat(value, flags, op == "MAX_REPEAT")
        elif op == "BRANCH":
            self._choice(value[1], flags)
        elif op in ("ASSERT", "ASSERT_NOT"):
            self._look(value, flags, op == "ASSERT")
        elif op == "AT":
            self._ask_place(str(value), flags)
        else:
            self.steps.append(Step("read", self._terms.mask(mask_of(op, value, flags))))

    def _group(self, value: Any, flags: int) -> None:
        number, added, dropped, inner = value
        marked = self._marks and number is not None
        if marked:
            self.steps.append(Step("mark", number=OPEN))
        if added & (re.ASCII | re.UNICODE):
            # _compile_info of re/_compiler.py forgets them where a match begins: "(?a:\W)" finds no "é".
            raise Untranslatable("flags a or u of a group alone")
        self.write(inner, (flags | added) & ~dropped)
        if marked:
            self.steps.append(Step("mark", number=CLOSE))

    def _repeat(self, value: Any, flags: int, greedy: bool) -> None:
        low, high, inner = int(value[0]), int(value[1]), value[2]
        bounded = high != REPEATED
        if max(low, high if bounded else 0) > _MOST_COPIES:
            raise Untranslatable(f"more than {_MOST_COPIES} repeats")
        for _ in range(low):
            self.write(inner, flags)
        number = -1 if inner.getwidth()[0] else self.loops
        self.loops += number >= 0
        forks = []
        for _ in range(high - low if bounded else 1):
            forks.append(len(self.steps))
            self.steps.append(Step("fork"))
            self.write(inner, flags)
        if not bounded:
            self.steps.append(Step("fork", places=(forks[0],)))
        for place in forks:
            self.steps[place] = _fork(place + 1, len(self.steps), greedy, number)

    def _choice(self, options: Any, flags: int) -> None:
        """The first option that leads to a match, in order."""
        jumps = []
        for option in options[:-1]:
            fork = len(self.steps)
            self.steps.append(Step("fork"))
            self.write(option, flags)
            jumps.append(len(self.steps))
            self.steps.append(Step("fork"))
            self.steps[fork] = _fork(fork + 1, len(self.steps))
        self.write(options[-1], flags)
        for jump in jumps:
            self.steps[jump] = Step("fork", places=(len(self.steps),))

    def _look(self, value: Any, flags: int, wanted: bool) -> None:
        """Whether parts are found ahead, or behind; one character is asked for where it is met."""
        ahead, inner = value[0] > 0, value[1]
        only = inner
        if ahead and len(only) == 1 and str(only[0][0]) == "MAX_REPEAT" and int(only[0][1][0]) == 1:
            only = only[0][1][2]  # more of them add nothing
        if len(only) == 1 and str(only[0][0]) in ("IN", "LITERAL", "NOT_LITERAL", "ANY"):
            op, held = only[0]
            mask = self._terms.mask(mask_of(op, held, flags))
            self.steps.append(Step("ask", mask, ahead, wanted, edge=not wanted))
            return
        program = Program(self._terms)
        program.write(inner, flags)
        low, high = (0, 0) if ahead else inner.getwidth()
        if low != high:
            raise Untranslatable("a look behind at texts of any length")
        self._see(program, int(low), wanted)

    def _see(self, program: Program, back: int, wanted: bool) -> None:
        look = Look((*program.steps, Step("found")), back)
        self.steps.append(Step("look", wanted=wanted, number=self._terms.look(look)))

    def _ask_place(self, place: str, flags: int) -> None:
        if place in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            word = self._terms.mask(word_class(flags))
            self.steps.append(Step("border", word, wanted=place == "AT_BOUNDARY"))
        elif place == "AT_END" and not flags & re.MULTILINE:
            program = Program(self._terms)
            line_end = program._terms.mask(_line_end())
            program.steps += [_fork(1, 2), Step("read", line_end), program._edge(ahead=True)]
            self._see(program, 0, True)
        elif flags & re.MULTILINE and place in ("AT_BEGINNING", "AT_END"):
            line_end = self._terms.mask(_line_end())
            self.steps.append(Step("ask", line_end, place == "AT_END", edge=True))
        else:
            self.steps.append(self._edge(ahead=place == "AT_END_STRING"))

    def _edge(self, ahead: bool) -> Step:
        """That there is no character beside."""
        return Step("ask", self._terms.mask(np.zeros_like(_line_end())), ahead, edge=True)


def _line_end() -> Mask:
    return mask_of("LITERAL", ord("\n"))


def _fork(inside: int, out: int, greedy: bool = True, number: int = -1) -> Step:
    places = (inside, out) if greedy else (out, inside)
    return Step("fork" if number < 0 else "loop", wanted=greedy, places=places, number=number)
