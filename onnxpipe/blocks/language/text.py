"""From texts to counts: tokens, n-grams, and how often each known one occurs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear, numeric, terms
from onnxpipe.blocks.categorical import Coding, coded
from onnxpipe.blocks.contrib import matches
from onnxpipe.blocks.regex.masks import named_class, ranges
from onnxpipe.blocks.regex.patterns import Pattern
from onnxpipe.core.frame import Terms
from onnxpipe.core.ops import Var, cast, concat, const, dtype_of, op
from onnxpipe.core.tallies import tallied

Array = NDArray[Any]

BLANK = ""
"""What pads ragged rows: never a token."""


def padded(text: Var, step: Callable[[Var], Var]) -> Var:
    """``step(text)`` for ``text`` ``[N]``, N from 0 up and any text: a row that isn't empty goes along.

    onnxruntime's text operators refuse, or answer another rank to, no rows and empty texts alone.
    """
    made = step(op.concat([text, const(["a"])], axis=0))
    return op.slice(made, const([0]), const([-1]), const([0]))


def words(text: Var, pattern: Pattern) -> Var:
    """What a pattern finds in ``text`` ``[N]``: ``[N, T]``, padded on the right."""
    found = matches(text, pattern.search)
    if pattern.whole is None:
        return found
    return where_kept(found, op.regex_full_match(found, pattern=pattern.whole))


def characters(text: Var) -> Var:
    """The characters of ``text`` ``[N]``, ``[N, L]``; two and more white spaces in a row are one blank."""
    space = ranges(named_class(r"\s"))
    found = matches(text, f"(?s)[{space}]{{2,}}|.")
    return op.where(op.regex_full_match(found, pattern=f"[{space}]{{2,}}"), const(" "), found)


def bounded_characters(text: Var) -> Var:
    """The characters of the words of ``text`` ``[N]``, ``[N, L]``: one blank before, between and after."""
    space = ranges(named_class(r"\s"))
    found = matches(
        op.string_concat(op.string_concat(const(" "), text), const(" ")), f"[{space}]+|[^{space}]"
    )
    return op.where(op.regex_full_match(found, pattern=f"[{space}]+"), const(" "), found)


def where_kept(tokens: Var, kept: Var) -> Var:
    """The tokens ``[N, T]`` that are kept, blanks for the others, in their places."""
    return op.where(kept, tokens, const(BLANK))


def compacted(tokens: Var) -> Var:
    """The tokens ``[N, T]`` moved together to the left, ``[N, T + 1]``."""
    kept = op.not_(op.equal(tokens, const(BLANK)))
    place = op.sub(op.cumsum(cast(kept, np.int64), const(1)), const(1))
    last = op.shape(tokens, start=1)
    place = op.where(kept, place, last)
    blanks = op.expand(const(BLANK), op.add(op.shape(tokens), const([0, 1])))
    return op.scatter_elements(blanks, place, tokens, axis=1)


def grams(tokens: Var, sizes: range, glue: str = "") -> Var:
    """Every ``n`` neighbours among the tokens ``[N, T]`` joined by ``glue``: ``[N, G]``, with blanks."""
    made = [tokens]
    tail = op.string_concat(const(glue), tokens) if glue else tokens
    for n in range(2, sizes.stop):
        made.append(_longer(made[-1], tokens, tail, n))
    return concat(made[sizes.start - 1 :], 1)


def _longer(shorter: Var, tokens: Var, tail: Var, n: int) -> Var:
    """The n-grams of the (n-1)-grams: where a token follows."""
    follows = op.not_(op.equal(_from(tokens, n - 1), const(BLANK)))
    return where_kept(op.string_concat(_but_last(shorter), _from(tail, n - 1)), follows)


def bounded_grams(characters: Var, sizes: range) -> Var:
    """The ``n``-grams of ``bounded_characters`` within one word and its two blanks, ``[N, G]`` with blanks.

    Words shorter than every n count once, whole. Source: _char_wb_ngrams of
    sklearn/feature_extraction/text.py.
    """
    space = op.equal(characters, const(" "))
    after, begins = _from(characters, 1), _but_last(characters)
    ends = op.equal(after, const(BLANK))
    lone = [where_kept(begins, op.not_(ends)), where_kept(after, _from(space, 1))]
    made = [concat(lone, 1), where_kept(op.string_concat(begins, after), op.not_(ends))]
    whole: list[Var] = []
    for n in range(3, sizes.stop):
        # Past its first character, a gram that reached a blank has reached the end of its word.
        inside = op.not_(op.equal(_but_last(made[-1]), const(BLANK)))
        inside = op.and_(inside, op.not_(_slice(space, n - 2, -1)))
        made.append(where_kept(op.string_concat(_but_last(made[-1]), _from(characters, n - 1)), inside))
        if n < sizes.start:
            both = op.and_(_slice(space, 0, 1 - n), _from(space, n - 1))
            whole.append(where_kept(made[-1], both))
    return concat([*whole, *made[sizes.start - 1 : sizes.stop - 1]], 1)


def _slice(x: Var, start: int, end: int) -> Var:
    """Columns ``start`` to ``end``, which counts from the last one."""
    return op.slice(x, const([start]), const([end]), const([1]))


def _but_last(x: Var) -> Var:
    return _slice(x, 0, -1)


def _from(x: Var, start: int) -> Var:
    return _slice(x, start, np.iinfo(np.int64).max)


def is_among(tokens: Var, listed: Sequence[str]) -> Var:
    """bool, the shape of ``tokens``: whether each is in the list."""
    return cast(
        coded(tokens, [Coding(np.array(listed, object), np.ones(len(listed), np.int64))], 0), np.bool_
    )


def counted(places: Var, width: int, dtype: Any) -> Var:
    """How often each place occurs in a row of int64 ``[N, G]``, those below 0 aside: ``[N, width]``."""
    known = cast(op.greater_or_equal(places, const(0)), dtype)
    return terms.summed(Terms(op.max([places, const(0)]), known), width)


def normed(x: Var, norm: str) -> Var:
    """Each row of ``x`` ``[N, d]`` over its l1 or l2 norm, rows of zeros as they are.

    Sums in float64 whatever ``x`` is: inplace_csr_row_normalize_l2 of sklearn/utils/sparsefuncs_fast.pyx.
    """
    return terms.each(x, lambda values: _normed(values, norm))


def _normed(x: Var, norm: str) -> Var:
    parts = cast(op.abs(x) if norm == "l1" else op.mul(x, x), np.float64)
    size = op.reduce_sum(parts, const([1]))
    size = size if norm == "l1" else op.sqrt(size)
    zero, one = const(0, np.float64), const(1, np.float64)
    wide = cast(x, np.float64)
    return cast(wide / linear.repeated(op.where(op.equal(size, zero), one, size), wide), dtype_of(x))


def weighted(x: Var, weights: Array) -> Var:
    """``x * weights`` ``[N, d]`` in the dtype of ``x``; 0 stays 0, whatever its weight."""
    held = terms.terms_of(x)
    beside = op.gather(const(weights), held.places, axis=0) if held else numeric.beside(x, weights)
    values = held.values if held else x
    product = cast(values * beside, dtype_of(x))
    if not np.isfinite(weights).all():
        product = op.where(op.equal(values, const(0, dtype_of(x))), values, product)
    return tallied(held.places, product, len(weights)) if held else product


def logarithmic(counts: Var) -> Var:
    """``1 + log(count)`` of the counts that aren't 0."""
    return terms.each(counts, _logarithmic)


def _logarithmic(counts: Var) -> Var:
    none, one = op.equal(counts, const(0, dtype_of(counts))), const(1, dtype_of(counts))
    return op.where(none, counts, op.add(op.log(counts), one))
