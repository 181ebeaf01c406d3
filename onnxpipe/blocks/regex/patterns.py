"""Python regular expressions in RE2's language, over Python's own character classes.

RE2 (which runtimes use) has no Unicode ``\\w`` and ``\\b`` and prefers the longest match, not the first.
So classes are written out as ranges, and only patterns whose matches don't depend on the difference are
taken:

- ``\\bX\\b`` where X matches word characters only: the runs of word characters that X matches as a whole;
- a sequence of characters, classes and greedy repeats of them in which what follows a repeat can't be
  in the repeat (``[a-z]+``, ``#\\w+``, ``[0-9]+-[0-9]+``): there is one way to match it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from onnxpipe.blocks.regex.masks import (
    REPEATED,
    UNKNOWN,
    Mask,
    Untranslatable,
    mask_of,
    parsed,
    ranges,
    word_class,
)

_COPIES = 4
"""How often a pattern may hold the hundreds of ranges that word characters are."""
_LONGEST = 1000
"""How often RE2 repeats at most."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to find (``search``, an RE2 pattern), and what of it to keep (``whole``, None for all)."""

    search: str
    whole: str | None = None


@dataclass(frozen=True, slots=True)
class _Repeat:
    """One class ``low`` to ``high`` times."""

    mask: Mask
    low: int
    high: int

    def __str__(self) -> str:
        many = "" if self.high == REPEATED else self.high
        times = "" if (self.low, self.high) == (1, 1) else f"{{{self.low},{many}}}"
        return f"[{ranges(self.mask)}]{times}"


@cache
def translated(pattern: str) -> Pattern:
    """The RE2 pattern that finds what Python's ``findall`` finds. Raises Untranslatable."""
    tree = parsed(pattern)
    parts, flags = _ungrouped(tree), int(tree.state.flags)
    if len(parts) > 2 and _is_boundary(parts[0]) and _is_boundary(parts[-1]):
        return _words(_sequence(parts[1:-1], flags), word_class(flags))
    body = _sequence(parts, flags)
    _refuse_ambiguous(body)
    return Pattern("".join(map(str, body)))


def lone_class(pattern: str) -> tuple[Mask, bool] | None:
    """The class of characters that is all of a pattern, and whether it stands for a run of them.

    None for other patterns. Raises Untranslatable.
    """
    tree = parsed(pattern)
    parts = _ungrouped(tree)
    if len(parts) != 1 or str(parts[0][0]) in UNKNOWN:
        return None
    op, value = parts[0]
    only = _repeat(op, value, int(tree.state.flags))
    return (only.mask, only.high == REPEATED) if only.low == 1 and only.high in (1, REPEATED) else None


def _words(body: list[_Repeat], word: Mask) -> Pattern:
    """Runs of word characters that the body matches as a whole."""
    if any((part.mask & ~word).any() for part in body):
        raise Untranslatable(r"what isn't in a word between two \b")
    if not sum(part.low for part in body):
        raise Untranslatable("empty matches")
    shortest = sum(part.low for part in body)
    if (
        all(np.array_equal(part.mask, word) for part in body)
        and body[-1].high == REPEATED
        and shortest <= _COPIES
    ):
        return Pattern(str(_Repeat(word, shortest, REPEATED)))
    # Nothing but word characters gets to the second pattern, where any character will do for them.
    shown = [_Repeat(word | ~word, p.low, p.high) if np.array_equal(p.mask, word) else p for p in body]
    return Pattern(str(_Repeat(word, 1, REPEATED)), "".join(map(str, shown)))


def _refuse_ambiguous(body: list[_Repeat]) -> None:
    """Raise Untranslatable where a repeat may stop in several places, or the whole may be empty."""
    if not sum(part.low for part in body):
        raise Untranslatable("empty matches")
    for i, part in enumerate(body):
        for later in body[i + 1 :] if part.low != part.high else ():
            if (part.mask & later.mask).any():
                raise Untranslatable("a repeat that overlaps with what follows it")
            if later.low:
                break


def _ungrouped(parts: Any) -> list[Any]:
    """The parts of the pattern, without the one group that may hold all of it but its boundaries.

    ``findall`` answers what that group matched. Groups that only hold parts together are opened.
    """
    opened: list[Any] = []
    for op, value in parts:
        if str(op) != "SUBPATTERN":
            opened.append((op, value))
            continue
        group, added, dropped, inner = value
        others = [part for part in parts if part[1] is not value]
        if added or dropped or (group is not None and not all(map(_is_boundary, others))):
            raise Untranslatable("groups")
        opened += _ungrouped(inner)
    return opened


def _is_boundary(part: Any) -> bool:
    return str(part[0]) == "AT" and str(part[1]) == "AT_BOUNDARY"


def _sequence(parts: list[Any], flags: int) -> list[_Repeat]:
    return [_repeat(op, value, flags) for op, value in parts]


def _repeat(op: Any, value: Any, flags: int) -> _Repeat:
    if str(op) == "MAX_REPEAT":
        low, high, inner = value
        parts = _ungrouped(inner)
        if len(parts) != 1:
            raise Untranslatable("repeats of more than one character")
        if max(int(low), 0 if high == REPEATED else int(high)) > _LONGEST:
            raise Untranslatable(f"more than {_LONGEST} repeats")
        op, value = parts[0]
        return _Repeat(mask_of(op, value, flags), int(low), high if high == REPEATED else int(high))
    return _Repeat(mask_of(op, value, flags), 1, 1)
