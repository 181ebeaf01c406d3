"""Classes of characters as masks over all code points, read from Python's own parse of a pattern."""

from __future__ import annotations

import importlib
import re
import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Python's own parser and compiler of patterns, public until 3.10.
_parser: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_compiler: Any = importlib.import_module("re._compiler" if sys.version_info >= (3, 11) else "sre_compile")
REPEATED: int = _parser.MAXREPEAT
"""How often an unbounded repeat may go on."""
_SURROGATES = slice(0xD800, 0xE000)
"""Code points that no UTF-8 text holds."""

Mask = NDArray[np.bool_]
"""Which code points are in a class, ``[0x110000]``."""


class Untranslatable(ValueError):
    """A pattern that a graph can't be made to match as Python does; says which part."""


UNKNOWN = {
    "AT": "an anchor",
    "ASSERT": "a look-around",
    "ASSERT_NOT": "a look-around",
    "BRANCH": "a choice of several",
    "ATOMIC_GROUP": "an atomic group",
    "GROUPREF": "a reference to a group",
    "GROUPREF_EXISTS": "a choice by a group",
    "MIN_REPEAT": "a lazy repeat",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}
_CATEGORIES = {"WORD": r"\w", "DIGIT": r"\d", "SPACE": r"\s"}
_UNITS = ("LITERAL", "NOT_LITERAL", "ANY", "IN")


def parsed(pattern: str) -> Any:
    """The parts of a pattern as Python's own parser has them, its flags in ``state.flags``.

    Raises Untranslatable for what this version of Python doesn't take as a pattern.
    """
    try:
        return _parser.parse(pattern)
    except re.error as error:
        raise Untranslatable(f"a mistake ({error})") from None


@cache
def named_class(name: str) -> Mask:
    """The code points of ``\\w``, ``\\d`` or ``\\s``, as Python has them."""
    return _taken(re.compile(f"{name}+"))


def _taken(runs: re.Pattern[str]) -> Mask:
    """The code points of which a pattern finds runs."""
    every = np.arange(sys.maxunicode + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    mask = np.zeros(len(every), np.bool_)
    for run in runs.finditer(every):
        mask[slice(*run.span())] = True
    return mask


def _asked(op: Any, value: Any, flags: int) -> Mask:
    """The code points that Python's own matcher takes for one element under flags."""
    state = _parser.State()
    state.flags = flags
    one = _parser.SubPattern(state, [(getattr(_parser, str(op)), value)])
    many = _parser.SubPattern(state, [(_parser.MAX_REPEAT, (1, REPEATED, one))])
    return _taken(_compiler.compile(many, flags))


def word_class(flags: int) -> Mask:
    """The code points that ``\\b`` takes for a word's."""
    return named_class(r"(?a:\w)" if flags & re.ASCII else r"\w")


def ranges(mask: Mask) -> str:
    """The inside of an RE2 class of these code points."""
    bounded = np.zeros(len(mask) + 2, np.bool_)
    bounded[1:-1] = mask
    bounded[1:-1][_SURROGATES] = False
    edges = np.flatnonzero(bounded[1:] != bounded[:-1])
    return "".join(f"\\x{{{a:x}}}-\\x{{{b - 1:x}}}" for a, b in edges.reshape(-1, 2).tolist())


def mask_of(op: Any, value: Any, flags: int = 0) -> Mask:
    """The code points that one element matches. Raises Untranslatable for what isn't one character."""
    if flags & (re.IGNORECASE | re.ASCII | re.DOTALL) and str(op) in _UNITS:
        return _asked(op, value, flags)
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
