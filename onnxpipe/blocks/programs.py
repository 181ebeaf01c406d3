"""Regular expressions as programs: what to read, where to fork, what to ask of the characters beside.

The instructions are those of Pike's virtual machine, as described by Cox, "Regular Expression Matching:
the Virtual Machine Approach"; places to go on are in order of preference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.blocks.patterns import UNKNOWN, Mask, Untranslatable, mask_of, named_class

_MOST_COPIES = 1000
"""How often a repeat's body is written out."""
_MOST_CLASSES = 8
_UNBOUNDED = -1


class Step(NamedTuple):
    """One instruction: ``read`` a class, ``fork`` to places, ``found``; or ``ask`` whether the character
    beside is (``wanted``) of a class, ``edge`` where there is none, or there is a ``border`` of words.
    """

    kind: str
    mask: int = -1
    ahead: bool = True
    wanted: bool = True
    edge: bool = False
    places: tuple[int, ...] = ()


class Program:
    """The steps of a pattern, written from its parse tree."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.masks: list[Mask] = []

    def sequence(self, parts: Sequence[Any], *, outermost: bool = False) -> tuple[int, int]:
        """Write the parts one after the other; the widths around the one group that ``findall`` answers."""
        groups = [
            i for i, (op, value) in enumerate(parts) if str(op) == "SUBPATTERN" and value[0] is not None
        ]
        if len(groups) > 1 or (groups and not outermost):
            raise Untranslatable("several groups, or one inside a repeat or a choice,")
        for op, value in parts:
            self._part(str(op), value)
        if not groups:
            return 0, 0
        if not inner_width([parts[groups[0]]])[0]:
            raise Untranslatable("empty matches")
        return _width(parts[: groups[0]]), _width(parts[groups[0] + 1 :])

    def _part(self, op: str, value: Any) -> None:
        if op == "SUBPATTERN":
            _, added, dropped, inner = value
            if added or dropped:
                raise Untranslatable("flags")
            self.sequence(list(inner))
        elif op in ("MAX_REPEAT", "MIN_REPEAT"):
            self._repeat(value, greedy=op == "MAX_REPEAT")
        elif op == "BRANCH":
            self._choice([list(each) for each in value[1]])
        elif op in ("ASSERT", "ASSERT_NOT"):
            self._ask_beside(value[0] > 0, list(value[1]), op == "ASSERT")
        elif op == "AT":
            self._ask_place(str(value))
        else:
            self.steps.append(Step("read", self._mask(mask_of(op, value))))

    def _mask(self, mask: Mask) -> int:
        for i, known in enumerate(self.masks):
            if np.array_equal(known, mask):
                return i
        if len(self.masks) == _MOST_CLASSES:
            raise Untranslatable(f"more than {_MOST_CLASSES} classes of characters")
        self.masks.append(mask)
        return len(self.masks) - 1

    def _repeat(self, value: Any, greedy: bool) -> None:
        low, high, inner = int(value[0]), value[1], list(value[2])
        least = int(inner_width(inner)[0])
        bounded = str(high) != "MAXREPEAT"
        if not least:
            raise Untranslatable("a repeat of what may be empty")
        if max(low, int(high) if bounded else 0) > _MOST_COPIES:
            raise Untranslatable(f"more than {_MOST_COPIES} repeats")
        for _ in range(low):
            self.sequence(inner)
        if bounded:
            self._optional(inner, int(high) - low, greedy)
            return
        start = len(self.steps)
        self.steps.append(Step("fork"))
        self.sequence(inner)
        self.steps.append(Step("fork", places=(start,)))
        self.steps[start] = _fork(start + 1, len(self.steps), greedy)

    def _optional(self, inner: list[Any], count: int, greedy: bool) -> None:
        """The body up to ``count`` times, each a way out."""
        forks = []
        for _ in range(count):
            forks.append(len(self.steps))
            self.steps.append(Step("fork"))
            self.sequence(inner)
        for place in forks:
            self.steps[place] = _fork(place + 1, len(self.steps), greedy)

    def _choice(self, options: list[list[Any]]) -> None:
        """The first option that leads to a match, in order."""
        jumps = []
        for option in options[:-1]:
            fork = len(self.steps)
            self.steps.append(Step("fork"))
            self.sequence(option)
            jumps.append(len(self.steps))
            self.steps.append(Step("fork"))
            self.steps[fork] = _fork(fork + 1, len(self.steps), True)
        self.sequence(options[-1])
        for jump in jumps:
            self.steps[jump] = Step("fork", places=(len(self.steps),))

    def _ask_beside(self, ahead: bool, inner: list[Any], wanted: bool) -> None:
        """Whether the next character (or the last one) is of a class; its repeats add nothing to that."""
        if len(inner) == 1 and str(inner[0][0]) == "MAX_REPEAT" and int(inner[0][1][0]) == 1 and ahead:
            inner = list(inner[0][1][2])
        if len(inner) != 1 or str(inner[0][0]) not in ("IN", "LITERAL", "NOT_LITERAL", "ANY"):
            raise Untranslatable("a look at more than one character")
        mask = self._mask(mask_of(str(inner[0][0]), inner[0][1]))
        self.steps.append(Step("ask", mask, ahead, wanted, edge=not wanted))

    def _ask_place(self, place: str) -> None:
        if place in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            word = self._mask(named_class(r"\w"))
            self.steps.append(Step("border", word, wanted=place == "AT_BOUNDARY"))
        elif place in ("AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END_STRING"):
            nothing = self._mask(np.zeros_like(named_class(r"\w")))
            self.steps.append(Step("ask", nothing, place == "AT_END_STRING", edge=True))
        else:
            raise Untranslatable("an anchor")


def _fork(inside: int, out: int, greedy: bool) -> Step:
    return Step("fork", places=(inside, out) if greedy else (out, inside))


def inner_width(parts: Sequence[Any]) -> tuple[int, int]:
    """The fewest and the most characters the parts match, ``_UNBOUNDED`` for any number."""
    low = high = 0
    for op, value in parts:
        least, most = _width_of(str(op), value)
        low, high = low + least, _UNBOUNDED if _UNBOUNDED in (high, most) else high + most
    return low, high


def _width_of(op: str, value: Any) -> tuple[int, int]:
    if op in ("AT", "ASSERT", "ASSERT_NOT"):
        return 0, 0
    if op == "SUBPATTERN":
        return inner_width(list(value[3]))
    if op == "BRANCH":
        widths = [inner_width(list(each)) for each in value[1]]
        most = [high for _, high in widths]
        return min(low for low, _ in widths), _UNBOUNDED if _UNBOUNDED in most else max(most)
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        low, high = inner_width(list(value[2]))
        bounded = str(value[1]) != "MAXREPEAT" and high != _UNBOUNDED
        return low * int(value[0]), high * int(value[1]) if bounded else _UNBOUNDED
    if op in UNKNOWN:
        raise Untranslatable(UNKNOWN[op])
    return 1, 1


def _width(parts: Sequence[Any]) -> int:
    """How many characters the parts beside a group match."""
    low, high = inner_width(parts)
    if low != high:
        raise Untranslatable("a group with something of no fixed length beside it")
    return low
