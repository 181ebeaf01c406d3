"""Python regular expressions in RE2's language, over Python's own character classes.

RE2 (which runtimes use) has no Unicode ``\\w`` and ``\\b`` and prefers the longest match, not the first.
So classes are written out as ranges, and only patterns whose matches don't depend on the difference are
taken:

- ``\\bX\\b`` where X matches word characters only: the runs of word characters that X matches as a whole;
- a sequence of characters, classes and greedy repeats of them in which what follows a repeat can't be
  in the repeat (``[a-z]+``, ``#\\w+``, ``[0-9]+-[0-9]+``): there is one way to match it.
"""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Python's own parser of patterns, public until 3.10.
_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_MAX = _parser.MAXREPEAT
_COPIES = 4
"""How often a pattern may hold the hundreds of ranges that word characters are."""
_LONGEST = 1000
"""How often RE2 repeats at most."""
_SURROGATES = slice(0xD800, 0xE000)
"""Code points that no UTF-8 text holds."""

Mask = NDArray[np.bool_]
"""Which code points are in a class, ``[0x110000]``."""


class Untranslatable(ValueError):
    """A pattern that RE2 can't be made to match as Python does; says which part."""


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
        many = "" if self.high == _MAX else self.high
        times = "" if (self.low, self.high) == (1, 1) else f"{{{self.low},{many}}}"
        return f"[{ranges(self.mask)}]{times}"


@cache
def named_class(name: str) -> Mask:
    """The code points of ``\\w``, ``\\d`` or ``\\s``, as Python has them."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    mask = np.zeros(len(every), np.bool_)
    for run in re.finditer(f"{name}+", every):
        mask[slice(*run.span())] = True
    return mask


def ranges(mask: Mask) -> str:
    """The inside of an RE2 class of these code points."""
    bounded = np.zeros(len(mask) + 2, np.bool_)
    bounded[1:-1] = mask
    bounded[1:-1][_SURROGATES] = False
    edges = np.flatnonzero(bounded[1:] != bounded[:-1])
    return "".join(f"\\x{{{a:x}}}-\\x{{{b - 1:x}}}" for a, b in edges.reshape(-1, 2).tolist())


def parsed(pattern: str) -> list[Any]:
    """The parts of a pattern as Python's own parser has them. Raises Untranslatable for flags."""
    tree = _parser.parse(pattern)
    if tree.state.flags & ~re.UNICODE:
        raise Untranslatable("flags")
    return list(tree)


@cache
def translated(pattern: str) -> Pattern:
    """The RE2 pattern that finds what Python's ``findall`` finds. Raises Untranslatable."""
    parts = _ungrouped(parsed(pattern))
    if len(parts) > 2 and _is_boundary(parts[0]) and _is_boundary(parts[-1]):
        return _words(_sequence(parts[1:-1]))
    body = _sequence(parts)
    _refuse_ambiguous(body)
    return Pattern("".join(map(str, body)))


def lone_class(pattern: str) -> tuple[Mask, bool] | None:
    """The class of characters that is all of a pattern, and whether it stands for a run of them.

    None for other patterns. Raises Untranslatable.
    """
    parts = _ungrouped(parsed(pattern))
    if len(parts) != 1 or str(parts[0][0]) in UNKNOWN:
        return None
    only = _repeat(*parts[0])
    return (only.mask, only.high == _MAX) if only.low == 1 and only.high in (1, _MAX) else None


def _words(body: list[_Repeat]) -> Pattern:
    """Runs of word characters that the body matches as a whole."""
    word = named_class(r"\w")
    if any((part.mask & ~word).any() for part in body):
        raise Untranslatable(r"what isn't in a word between two \b")
    if not sum(part.low for part in body):
        raise Untranslatable("empty matches")
    shortest = sum(part.low for part in body)
    if (
        all(np.array_equal(part.mask, word) for part in body)
        and body[-1].high == _MAX
        and shortest <= _COPIES
    ):
        return Pattern(str(_Repeat(word, shortest, _MAX)))
    # Nothing but word characters gets to the second pattern, where any character will do for them.
    shown = [_Repeat(word | ~word, p.low, p.high) if np.array_equal(p.mask, word) else p for p in body]
    return Pattern(str(_Repeat(word, 1, _MAX)), "".join(map(str, shown)))


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


def _ungrouped(parts: list[Any]) -> list[Any]:
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
        opened += _ungrouped(list(inner))
    return opened


def _is_boundary(part: Any) -> bool:
    return str(part[0]) == "AT" and str(part[1]) == "AT_BOUNDARY"


def _sequence(parts: list[Any]) -> list[_Repeat]:
    return [_repeat(op, value) for op, value in parts]


def _repeat(op: Any, value: Any) -> _Repeat:
    if str(op) == "MAX_REPEAT":
        low, high, inner = value
        parts = _ungrouped(list(inner))
        if len(parts) != 1:
            raise Untranslatable("repeats of more than one character")
        if max(int(low), 0 if high == _MAX else int(high)) > _LONGEST:
            raise Untranslatable(f"more than {_LONGEST} repeats")
        return _Repeat(mask_of(*parts[0]), int(low), high if high == _MAX else int(high))
    return _Repeat(mask_of(op, value), 1, 1)


UNKNOWN = {
    "AT": "an anchor",
    "ASSERT": "a look-around",
    "ASSERT_NOT": "a look-around",
    "BRANCH": "a choice of several",
    "GROUPREF": "a reference to a group",
    "MIN_REPEAT": "a lazy repeat",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}
_CATEGORIES = {"WORD": r"\w", "DIGIT": r"\d", "SPACE": r"\s"}


def mask_of(op: Any, value: Any) -> Mask:
    """The code points that one element matches. Raises Untranslatable for what isn't one character."""
    mask: Mask = np.zeros(sys.maxunicode + 1, np.bool_)
    kind = str(op)
    if kind == "LITERAL":
        mask[value] = True
    elif kind == "NOT_LITERAL":
        mask[value] = True
        return ~mask
    elif kind == "ANY":
        mask[ord("\n")] = True
        return ~mask
    elif kind == "RANGE":
        mask[value[0] : value[1] + 1] = True
    elif kind == "CATEGORY":
        _, negated, name = str(value).rpartition("NOT_")
        found = named_class(_CATEGORIES[name.removeprefix("CATEGORY_")])
        return ~found if negated else found
    elif kind == "IN":
        inverse = str(value[0][0]) == "NEGATE"
        for item in value[inverse:]:
            mask |= mask_of(*item)
        return ~mask if inverse else mask
    else:
        raise Untranslatable(UNKNOWN.get(kind, kind.lower().replace("_", " ")))
    return mask
