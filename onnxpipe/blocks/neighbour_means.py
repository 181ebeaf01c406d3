"""Means over the nearest rows, nearness measured on what both rows have."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import metrics, neighbours
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, batch_size, cast, const, op, ranked, shape_of

Array = NDArray[Any]


class Known(NamedTuple):
    """Fitted rows ``[m, d]`` and bool ``[m, d]``: which of their values there are."""

    rows: Array
    there: Array

    @property
    def filled(self) -> Array:
        """The rows with 0 for what isn't there."""
        return np.where(self.there, self.rows, 0.0)

    @property
    def means(self) -> Array:
        """The mean of each column's values ``[d]``, 0 where there are none."""
        return np.asarray(self.filled.sum(axis=0) / np.maximum(self.there.sum(axis=0), 1))


def means(x: Var, gone: Var, known: Known, k: int, by_distance: bool) -> Var:
    """For each value of ``x``, the (weighted) mean of its column over the nearest ``k`` rows that have it.

    float64 ``[N, d]``. Column by column, with room for one distance per fitted row; the whole
    column's mean where no row that has it shares a value with the row.
    """
    distance = metrics.shared(x, gone, known.rows, known.there)
    k = min(k, len(known.rows))

    def step(made: Var, there: Var, values: Var, unit: Var, mean: Var) -> Var:
        far, place = ranked(op.where(there, distance, const(np.inf)), const([k]), largest=False)
        reached = cast(op.less(far, const(np.inf)), np.float64)
        weights = neighbours.inverse(far) if by_distance else reached
        weights = op.where(op.equal(reached, const(0.0)), const(0.0), weights)
        total = op.reduce_sum(weights, const([1]))
        share = op.reduce_sum(weights * op.gather(values, place, axis=0), const([1])) / total
        return made + op.where(op.greater(total, const(0.0)), share, mean) * unit

    start = op.expand(const(0.0), op.concat([batch_size(x), const([shape_of(x)[1]])], axis=0))
    columns = (known.there.T, known.filled.T, np.eye(len(known.means)), known.means)
    return fold(start, [const(np.ascontiguousarray(each)) for each in columns], step)
