"""Long vectors that are mostly 0, such as hashed words, by the few elements that aren't.

Dense, 10,000 rows of 2 ** 18 numbers are 20 GiB. Here a row costs what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.language.text import tallied
from onnxpipe.core.frame import Terms
from onnxpipe.core.ops import Var, as_many, batch_size, cast, concat, const, op, ranked

Array = NDArray[Any]

LONG = 1024
"""Vectors of so many elements and fewer are quicker as plain matrices."""


def dense(x: Terms, width: int) -> Var:
    """The vectors as a matrix ``[N, width]``."""
    return tallied(x.places, x.values, width)


def beside(parts: Sequence[tuple[Var, Terms | None, int]]) -> Terms:
    """Vectors put together: each as its matrix, the terms of it where it has any, and its width."""
    starts = np.cumsum([0, *(width for _, _, width in parts)]).tolist()
    moved = [_moved(*part, start) for part, start in zip(parts, starts, strict=False)]
    return Terms(*(concat(list(each), 1) for each in zip(*moved, strict=True)))


def _moved(x: Var, terms: Terms | None, width: int, start: int) -> Terms:
    if terms is not None:
        return Terms(op.add(terms.places, const(start, np.int64)), terms.values)
    places = op.expand(const(np.arange(start, start + width)[None]), op.shape(x))
    return Terms(places, x)


def scaled(x: Terms, factors: Array) -> Terms:
    """Each element times the factor ``[d]`` of its place."""
    return Terms(x.places, op.mul(x.values, op.gather(const(factors), x.places, axis=0)))


def affine(x: Terms, weights: Array, intercept: Any = 0.0, *, skips: bool = False) -> Var:
    """``x @ weights.T + intercept`` ``[N, k]`` for ``weights`` ``[k, d]``.

    With ``skips``, an element whose weight is 0 isn't looked at, so that NaN in it changes nothing.
    """
    found = op.gather(const(np.ascontiguousarray(weights.T)), x.places, axis=0)
    parts = op.mul(op.unsqueeze(x.values, const([2])), found)
    if skips:
        parts = op.where(op.equal(found, const(0.0)), const(0.0), parts)
    # A sum over no columns at all is 0, as it should be.
    total = op.reduce_sum(parts, const([1]), keepdims=0)
    return as_many(op.add(total, const(np.broadcast_to(intercept, len(weights)), np.float64)), x.values)


def gaps(x: Terms, points: Array) -> Var:
    """Squared Euclidean distances to points ``[k, d]``, less a number that is a row's own: ``[N, k]``.

    Where a place occurs several times in a row, that number isn't the same as if it occurred once.
    """
    found = op.gather(const(np.ascontiguousarray(points.T)), x.places, axis=0)
    values = op.unsqueeze(x.values, const([2]))
    # x * (x - 2 p) and not x * x - 2 x p: that of an infinity is no NaN.
    parts = op.mul(values, op.sub(values, op.mul(found, const(2.0))))
    return op.add(op.reduce_sum(parts, const([1]), keepdims=0), const(np.sum(points**2, axis=1)))


def lowest(x: Terms, table: Array) -> Var:
    """The lowest of each column of ``table`` ``[d, k]`` at the places of a row that aren't 0, ``[N, k]``.

    Each place is in a row once at most; a row of zeros gets infinities.
    """
    there = op.unsqueeze(op.not_(op.equal(x.values, const(0.0))), const([2]))
    found = op.where(there, op.gather(const(table), x.places, axis=0), const(np.inf))
    beside = op.expand(const(np.inf), op.concat([batch_size(x.values), const([1, table.shape[1]])], axis=0))
    return op.reduce_min(op.concat([found, beside], axis=1), const([1]), keepdims=0)


def picked(x: Terms, places: Array, width: int) -> Terms:
    """The elements at some places of vectors of ``width`` elements, numbered anew; others become 0."""
    number = np.full(width, -1)
    number[np.asarray(places, np.int64)] = np.arange(len(places))
    found = op.gather(const(number), x.places, axis=0)
    known = op.greater_or_equal(found, const(0))
    return Terms(op.max([found, const(0)]), op.where(known, x.values, const(0.0)))


def merged(x: Terms) -> Terms:
    """The same vectors with no place twice in a row, but for what pads it."""
    lowest, order = ranked(x.places, op.shape(x.places, start=1), largest=False)
    values = op.gather_elements(x.values, order, axis=1)
    before = op.expand(const([[-1]]), op.concat([batch_size(lowest), const([1])], axis=0))
    before = op.slice(op.concat([before, lowest], axis=1), const([0]), const([-1]), const([1]))
    rank = op.cumsum(op.where(op.equal(before, lowest), const(0), const(1)), const(1))
    rank = op.sub(rank, const(1))
    zeros = op.mul(lowest, const(0))
    sums = op.scatter_elements(cast(zeros, np.float64), rank, values, axis=1, reduction="add")
    return Terms(op.scatter_elements(zeros, rank, lowest, axis=1), sums)


def is_long(width: int) -> bool:
    """Whether vectors of so many elements are better written as terms."""
    return width > LONG
