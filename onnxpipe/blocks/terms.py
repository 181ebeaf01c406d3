"""Long vectors that are mostly 0, such as hashed words, by the few elements that aren't.

Dense, 10,000 rows of 2 ** 18 numbers are 20 GiB. Here a row costs what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.frame import Terms
from onnxpipe.core.ops import (
    Var,
    as_many,
    batch_size,
    cast,
    concat,
    const,
    dtype_of,
    op,
    promote,
    ranked,
    shape_of,
    take_columns,
)
from onnxpipe.core.tallies import is_long, static_width, tallied, tally_of

Array = NDArray[Any]

_FULL = 256
"""Elements that a row may hold: so many numbers are looked up for each product with it."""


def summed(x: Terms, width: int) -> Var:
    """The vectors as a matrix ``[N, width]``, in which long ones are found with each place once."""
    return dense(merged(x) if is_long(width) else x, width)


def terms_of(x: Var) -> Terms | None:
    """The elements that a long matrix ``[N, d]`` was tallied of, in its dtype; else None."""
    held = tally_of(x)
    return held and Terms(held.places, cast(held.values, dtype_of(x)))


def side_by_side(x: Var) -> list[Var]:
    """The matrices ``[N, d]`` that ``x`` was put together from, column beside column; else ``x`` alone."""
    node: Any = x._op
    if node.op_type.identifier != "Concat" or len(shape_of(x)) != 2 or node.attrs.axis.value != 1:
        return [x]
    parts = [Var(each) for each in node.dependencies]
    return parts if all(isinstance(shape_of(part)[1], int) for part in parts) else [x]


def pays(x: Var, count: int) -> bool:
    """Whether ``count`` products of each row are sooner, and smaller, by the terms of a part of it."""
    return any(static_width(part) >= _FULL * count and terms_of(part) for part in side_by_side(x))


def each(x: Var, step: Callable[[Var], Var]) -> Var:
    """What a step makes of the rows of ``x`` ``[N, d]``, of zeros always zeros.

    The step gets the matrix, or, of one that was tallied, each element once.
    """
    held = terms_of(x)
    return step(x) if held is None else tallied(held.places, step(held.values), static_width(x))


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


def product(x: Terms, weights: Array) -> Var:
    """``x @ weights.T`` ``[N, k]`` for ``weights`` ``[k, d]``, in numpy's common dtype."""
    if len(weights) == 1:
        parts = op.mul(*promote(x.values, op.gather(const(weights[0]), x.places, axis=0)))
        return as_many(op.reduce_sum(parts, const([1])), x.values)
    found = op.gather(const(np.ascontiguousarray(weights.T)), x.places, axis=0)
    parts = op.mul(*promote(op.unsqueeze(x.values, const([2])), found))
    return as_many(op.reduce_sum(parts, const([1]), keepdims=0), x.values)


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
    return Terms(op.max([found, const(0)]), op.where(known, x.values, const(0, dtype_of(x.values))))


def take(x: Var, places: Sequence[int] | Array) -> Var:
    """Columns of ``x`` ``[N, d]`` by position, each at most once."""
    held = terms_of(x)
    if held is None:
        return take_columns(x, places)
    return dense(picked(held, np.asarray(places), static_width(x)), len(places))


def merged(x: Terms) -> Terms:
    """The same vectors with no place twice in a row, but for what pads it."""
    lowest, order = ranked(x.places, op.shape(x.places, start=1), largest=False)
    values = op.gather_elements(x.values, order, axis=1)
    before = op.expand(const([[-1]]), op.concat([batch_size(lowest), const([1])], axis=0))
    before = op.slice(op.concat([before, lowest], axis=1), const([0]), const([-1]), const([1]))
    rank = op.cumsum(op.where(op.equal(before, lowest), const(0), const(1)), const(1))
    rank = op.sub(rank, const(1))
    zeros = op.mul(lowest, const(0))
    sums = op.scatter_elements(cast(zeros, dtype_of(values)), rank, values, axis=1, reduction="add")
    return Terms(op.scatter_elements(zeros, rank, lowest, axis=1), sums)
