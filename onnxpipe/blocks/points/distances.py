"""Distances from every row to fitted points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, cast, const, dtype_of, op

Array = NDArray[Any]


def ranking(x: Var, points: Array) -> Var:
    """``||p||**2 - 2 x @ p`` ``[N, m]`` for points ``[m, d]``: orders them as the Euclidean distance does."""
    return linear.affine(x, -2 * points, np.sum(points**2, axis=1))


def squared(x: Var, points: Array) -> Var:
    """Squared Euclidean distances ``[N, m]`` by ``||x||**2 - 2 x @ p + ||p||**2``, none below 0.

    Computed in float64, rounded to float32 where both rows and points are.
    Formula: ``_euclidean_distances`` in sklearn/metrics/pairwise.py.
    """
    wide = cast(x, np.float64)
    ranked = ranking(wide, np.asarray(points, np.float64))
    result = linear.plus_column(ranked, op.reduce_sum_square(wide, const([1])))
    return cast(op.max([result, const(0.0)]), np.result_type(dtype_of(x), points))


def squared_differences(x: Var, points: Array) -> Var:
    """Squared Euclidean distances ``[N, m]`` in float64 as sums of squared differences, feature by feature.

    Keeps the small ones that ``squared`` loses to cancellation, and needs room for ``[N, m]`` numbers only.
    """
    rows, columns = op.transpose(cast(x, np.float64), perm=[1, 0]), np.asarray(points, np.float64).T

    def step(total: Var, row: Var, column: Var) -> Var:
        gap = op.unsqueeze(row, const([1])) - column
        return total + gap * gap

    if len(columns) == 1:
        gap = op.sub(cast(x, np.float64), const(columns))
        return op.mul(gap, gap)
    start = op.expand(const(0.0), op.concat([op.shape(x, start=0, end=1), const([len(points)])], axis=0))
    return fold(start, [rows, const(columns)], step)


def euclidean(x: Var, points: Array) -> Var:
    """Euclidean distances ``[N, m]``."""
    return op.sqrt(squared(x, points))


def manhattan(x: Var, points: Array) -> Var:
    """Sums of absolute differences ``[N, m]``."""
    gap = op.unsqueeze(x, const([1])) - points
    return op.reduce_l1(gap, const([2]), keepdims=0)


def descended(right: Var, lefts: Array, rights: Array) -> Var:
    """The leaf a row reaches, int64 ``[N]``, where ``right`` ``[N, splits]`` holds 1 for right, 0 for left.

    ``lefts`` and ``rights`` ``[splits, leaves]`` are 1 where the way to a leaf turns so: the row
    is at the leaf whose way it departs from nowhere.
    """
    departures = linear.affine(right, (lefts - rights).T, rights.sum(axis=0))
    return op.arg_min(departures, axis=1, keepdims=0)
