"""Distances ``[N, m]`` from every row of float64 ``[N, d]`` to fitted points ``[m, d]``, by other measures
than Minkowski's.

Formulas: sklearn/metrics/_dist_metrics.pyx.tp; those of truths are also scipy's, where a number other
than 0 is true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import trigonometry
from onnxpipe.core.loops import fold, folded
from onnxpipe.core.ops import Var, batch_size, cast, const, op

Array = NDArray[Any]
Measure = Callable[[Var, Array], Var]


class _Shares(NamedTuple):
    part: Var
    whole: Var


def _none(x: Var, points: Array) -> Var:
    """Zeros ``[N, m]``."""
    return op.expand(const(0.0), op.concat([batch_size(x), const([len(points)])], axis=0))


def _columns(x: Var, points: Array) -> list[Var]:
    """The features of both, one a slice: a loop over them needs room for ``[N, m]`` numbers only."""
    return [op.transpose(x, perm=[1, 0]), const(np.ascontiguousarray(points.T))]


def _over(part: Var, whole: Var) -> Var:
    """``part / whole``, and 0 where the whole is 0."""
    some = op.greater(whole, const(0.0))
    return op.where(some, part / op.where(some, whole, const(1.0)), const(0.0))


def rounded(x: Var, single: bool) -> Var:
    """float64 ``x``, as float32 holds it if ``single``."""
    return cast(cast(x, np.float32), np.float64) if single else x


def canberra(x: Var, points: Array, *, single: bool = False) -> Var:
    """``sum(|x - p| / (|x| + |p|))``, features that are 0 in both left out; differences in float32 if
    ``single``.
    """

    def step(total: Var, row: Var, column: Var) -> Var:
        side = op.unsqueeze(row, const([1]))
        return total + _over(op.abs(rounded(side - column, single)), op.abs(side) + op.abs(column))

    return fold(_none(x, points), _columns(x, points), step)


def bray_curtis(x: Var, points: Array, *, single: bool = False, of_sums: bool = False) -> Var:
    """``sum(|x - p|) / sum(|x| + |p|)``, 0 where both are 0; differences in float32 if ``single``.

    ``of_sums`` are scipy's: they divide by ``sum(|x + p|)``.
    """

    def step(sums: _Shares, row: Var, column: Var) -> _Shares:
        side = op.unsqueeze(row, const([1]))
        part = op.abs(rounded(side - column, single))
        whole = op.abs(side + column) if of_sums else op.abs(side) + op.abs(column)
        return _Shares(sums.part + part, sums.whole + whole)

    start = _Shares(_none(x, points), _none(x, points))
    shares = folded(start, _columns(x, points), step)
    return shares.part / shares.whole if of_sums else _over(*shares)


def hamming(x: Var, points: Array) -> Var:
    """The share of features that differ."""

    def step(total: Var, row: Var, column: Var) -> Var:
        same = op.equal(op.unsqueeze(row, const([1])), column)
        return total + cast(op.not_(same), np.float64)

    return fold(_none(x, points), _columns(x, points), step) / const(float(points.shape[1]))


def mahalanobis(inverse: Array) -> Measure:
    """``sqrt((x - p) @ inverse @ (x - p))``: feature by feature, so that a row is 0 away from itself."""

    def step(total: Var, row: Var, column: Var, turned: Var, other: Var) -> Var:
        gap = op.unsqueeze(row, const([1])) - column
        return total + gap * (op.unsqueeze(turned, const([1])) - other)

    def measure(x: Var, points: Array) -> Var:
        sides = [*_columns(x, points), *_columns(op.matmul(x, const(inverse)), points @ inverse)]
        return op.sqrt(op.max([fold(_none(x, points), sides, step), const(0.0)]))

    return measure


def haversine(x: Var, points: Array, *, single: bool = False) -> Var:
    """The angle between places that are given by latitude and longitude, all in radians; differences and
    the square in float32 if ``single``.
    """
    (lat, long), (lats, longs) = op.split(x, num_outputs=2, axis=1), points.T
    up, along = (op.sin(rounded(gap, single) * const(0.5)) for gap in (lat - lats, long - longs))
    square = rounded(up * up + op.cos(lat) * const(np.cos(lats)) * along * along, single)
    return const(2.0) * trigonometry.arcsin(op.sqrt(square))


def correlation(x: Var, points: Array) -> Var:
    """1 minus the correlation of the features, each row's own mean taken off."""
    row = x - op.reduce_mean(x, const([1]))
    fitted = points - points.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        unit = fitted / np.linalg.norm(fitted, axis=1, keepdims=True)
    share = op.matmul(row / op.reduce_l2(row, const([1])), const(np.ascontiguousarray(unit.T)))
    return const(1.0) - op.clip(share, const(-1.0), const(1.0))


def nan_euclidean(x: Var, points: Array) -> Var:
    """``shared`` of rows and points whose missing values are NaN."""
    return shared(x, op.isnan(x), points, ~np.isnan(points))


def shared(x: Var, gone: Var, points: Array, there: Array) -> Var:
    """Euclidean distances over the features both have, scaled up to all; infinite where there are none.

    ``gone`` is what rows lack, bool ``[N, d]``, and ``there`` ``[m, d]`` what points have.
    Formula: nan_euclidean_distances in sklearn/metrics/pairwise.py.
    """
    present, known = cast(op.not_(gone), np.float64), there.astype(np.float64)
    values = op.where(gone, const(0.0), cast(x, np.float64))

    def step(total: Var, row: Var, point: Var) -> Var:
        gap = op.gemm(row, point)
        return total + gap * gap

    # The difference of two values, and 0 where one is missing: as a product, in one step.
    sides = (op.unsqueeze(op.transpose(each, perm=[1, 0]), const([2])) for each in (values, present))
    rows = op.concat(list(sides), axis=2)
    fitted = np.stack([known.T, -np.where(there, points, 0.0).T], axis=1)
    count = op.matmul(present, const(np.ascontiguousarray(known.T)))
    start = op.where(op.equal(count, const(0.0)), const(np.inf), const(0.0))
    square = fold(start, [rows, const(fitted)], step)
    return op.sqrt(square / op.max([count, const(1.0)]) * const(float(points.shape[1])))


class _Counts(NamedTuple):
    """How many features are true in both, in the row alone, in the point alone; of how many."""

    both: Var
    row: Var
    point: Var
    size: Var

    @property
    def unequal(self) -> Var:
        return self.row + self.point


def _counts(x: Var, points: Array) -> _Counts:
    true, fitted = cast(op.not_(op.equal(x, const(0.0))), np.float64), (points != 0).astype(np.float64)
    both = op.matmul(true, const(np.ascontiguousarray(fitted.T)))
    row, point = op.reduce_sum(true, const([1])), fitted.sum(axis=1)
    return _Counts(both, row - both, const(point) - both, const(float(points.shape[1])))


def _of_counts(formula: Callable[[_Counts], Var]) -> Measure:
    return lambda x, points: formula(_counts(x, points))


def _yule(counts: _Counts) -> Var:
    odd = counts.row * counts.point
    even = counts.both * (counts.size - counts.both - counts.unequal)
    return _over(const(2.0) * odd, odd + even)


def _tanimoto(counts: _Counts) -> Var:
    return const(2.0) * counts.unequal / (counts.unequal + counts.size)


OF_TRUTHS = {
    "jaccard": _of_counts(lambda of: _over(of.unequal, of.unequal + of.both)),
    "dice": _of_counts(lambda of: of.unequal / (const(2.0) * of.both + of.unequal)),
    "rogerstanimoto": _of_counts(_tanimoto),
    "sokalmichener": _of_counts(_tanimoto),
    "russellrao": _of_counts(lambda of: (of.size - of.both) / of.size),
    "sokalsneath": _of_counts(lambda of: of.unequal / (const(0.5) * of.both + of.unequal)),
    "matching": _of_counts(lambda of: of.unequal / of.size),
    "kulsinski": _of_counts(lambda of: (of.unequal - of.both + of.size) / (of.unequal + of.size)),
    "yule": _of_counts(_yule),
}  # fmt: skip
"""Distances between rows of truths, by name."""
