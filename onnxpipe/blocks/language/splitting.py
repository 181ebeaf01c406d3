"""Texts taken apart at separators, as Java does it: empty pieces stay, but for those at the end."""

from __future__ import annotations

import numpy as np

from onnxpipe.blocks.contrib import code_points, matches
from onnxpipe.blocks.language import ragged, text
from onnxpipe.blocks.language.ragged import Ragged
from onnxpipe.blocks.regex import scanning
from onnxpipe.blocks.regex.automata import compiled
from onnxpipe.blocks.regex.masks import Mask, Untranslatable, ranges
from onnxpipe.blocks.regex.patterns import lone_class, translated
from onnxpipe.core.ops import Var, cast, const, op

_ASTRAL = r"[\x{10000}-\x{10FFFF}]"


def split(documents: Var, pattern: str) -> Ragged:
    """The pieces of ``documents`` ``[N]`` (at least one of them not empty) between what a pattern finds.

    Formula: java.util.regex.Pattern.split: a text without separators is one piece, even an empty text.
    Raises Untranslatable.
    """
    try:
        alone = lone_class(pattern)
    except Untranslatable:
        alone = None
    pieces = (
        _around(documents, *alone) if alone else scanning.between(documents, compiled(pattern, of_java=True))
    )
    whole = op.equal(pieces.lengths, const(1))
    return ragged.trimmed(pieces.values, op.where(whole, pieces.lengths, ragged.lengths(pieces.values)))


def _around(documents: Var, separator: Mask, runs: bool) -> Ragged:
    """The pieces around characters of one class, or around runs of them."""
    inside = f"[{ranges(separator)}]{'+' if runs else ''}"
    parts = matches(documents, f"{inside}|[{ranges(~separator)}]+")
    cuts = cast(op.regex_full_match(parts, pattern=inside), np.int64)
    # A word's place is the number of separators before it; separators and padding go to the last one.
    place = op.cumsum(cuts, const(1))
    is_word = op.and_(op.equal(cuts, const(0)), op.not_(op.equal(parts, const(""))))
    blanks = op.expand(const(""), op.add(op.shape(parts), const([0, 1])))
    last = op.shape(parts, start=1)
    placed = op.scatter_elements(blanks, op.where(is_word, place, last), parts, axis=1)
    count = op.add(op.reduce_sum(cuts, const([1])), const(1))
    return Ragged(op.slice(placed, const([0]), last, const([1])), count)


def found(documents: Var, pattern: str) -> Ragged:
    """What a pattern finds in ``documents`` ``[N]``, one or more not empty. Raises Untranslatable."""
    try:
        words = text.words(documents, translated(pattern))
    except Untranslatable:
        words = scanning.found(documents, compiled(pattern, of_java=True))
    return Ragged(words, ragged.lengths(words))


def long_enough(pieces: Ragged, least: int) -> Var:
    """bool ``[N, L]``: which pieces have at least so many UTF-16 units, which is what Java counts."""
    if least <= 1:
        pattern = "(?s).*" if least < 1 else "(?s).+"
        return op.regex_full_match(pieces.values, pattern=pattern)
    flat = op.reshape(pieces.values, const([-1]))
    size = text.padded(flat, _units)
    return op.reshape(op.greater_or_equal(size, const(least)), op.shape(pieces.values), allowzero=1)


def _units(texts: Var) -> Var:
    """int64 ``[N]``: the UTF-16 units of texts ``[N]``, at least one of them not empty."""
    characters = code_points(texts)
    there = op.not_(op.equal(characters, const("")))
    units = op.add(cast(there, np.int64), cast(op.regex_full_match(characters, pattern=_ASTRAL), np.int64))
    return op.reduce_sum(units, const([1]), keepdims=0)
