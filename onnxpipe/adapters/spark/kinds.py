"""What a column can be, in the words that converters say it in: ``converts(..., columns=...)``.

A word is a dtype name with, behind it, ``[d]`` for vectors of ``d`` elements, ``[]`` for vectors
whose length isn't known, ``*`` for arrays of each row's own length, ``?`` for "this or something
else that Spark also takes there".
"""

from __future__ import annotations

import re

NUMBER = "float64"
TEXT = "string"
TEXTS = "string*"
"""Arrays of text, such as tokens."""
TEXT_OR_NUMBER = "string?"
"""Text unless the sample or the user says that numbers come: Spark takes both, as text."""
NUMBER_OR_VECTOR = "float64?"
"""A number unless the sample or the user says that vectors come."""
ANYTHING = "float64??"
"""A number unless the sample or the user says otherwise: what a stage reads that we don't know."""
VECTOR = "float64[]"
"""Vectors whose length nothing in the stage tells."""

_VECTOR = re.compile(r"float64\[(\d*)\]")


def vector(length: int) -> str:
    """Vectors of ``length`` elements."""
    return f"float64[{length}]"


def is_vector(kind: str) -> bool:
    return _VECTOR.fullmatch(kind) is not None


def length(kind: str) -> int | None:
    """The elements of a vector, None where they aren't known or it is none."""
    match = _VECTOR.fullmatch(kind)
    return int(match.group(1)) if match and match.group(1) else None


def dtype(kind: str) -> str:
    """The dtype name of a column's elements."""
    return kind.partition("[")[0].rstrip("*?")


def fits(kind: str, wanted: str) -> bool:
    """Whether a column that is known to be of one kind may come where another is wanted."""
    if wanted in (kind, ANYTHING):
        return True
    if wanted == TEXT_OR_NUMBER:
        return kind in (TEXT, NUMBER)
    if wanted == NUMBER_OR_VECTOR:
        return kind == NUMBER or is_vector(kind)
    return wanted == VECTOR and is_vector(kind)
