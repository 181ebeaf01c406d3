"""Means over the nearest rows, nearness measured on what both rows have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.points import metrics, neighbours
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, batch_size, cast, const, op, ranked

Array = NDArray[Any]
_Mean: TypeAlias = Callable[[Var, Var, Callable[[Var], Var], Var], Var]


class Known(NamedTuple):
    """Fitted rows ``[m, d]`` and bool ``[m, d]``: which of their values there are."""

    rows: Array
    there: Array

    @property
    def filled(self) -> Array:
        """The rows with 0 for what isn't there."""
        return np.where(self.there, self.rows, 0.0)

    @property
    def lacking(self) -> Array:
        """What to add to distances so that rows without a column's value are nowhere: ``[d, m]``."""
        return np.where(self.there.T, 0.0, np.inf)

    @property
    def means(self) -> Array:
        """The mean of each column's values ``[d]``, 0 where there are none."""
        return np.asarray(self.filled.sum(axis=0) / np.maximum(self.there.sum(axis=0), 1))


_PAIRED = 2**13
"""Numbers in the fitted rows up to which each missing value has room of its own for distances to all."""


def means(x: Var, gone: Var, known: Known, k: int, by_distance: bool) -> Var:
    """For each value that is ``gone`` from ``x``, the mean of its column over the nearest ``k`` rows with it.

    float64 ``[N, d]``, weighted if ``by_distance``, anything where a value is there. The whole column's mean
    where no row that has it shares a value with the row. All at once, or where that might take much room,
    column by column.
    """
    distance = metrics.shared(x, gone, known.rows, known.there)
    k = min(k, len(known.rows))

    def mean(distances: Var, lacking: Var, values: Callable[[Var], Var], other: Var) -> Var:
        far, place = ranked(op.add(distances, lacking), const([k]), largest=False)
        reached = cast(op.less(far, const(np.inf)), np.float64)
        weights = neighbours.inverse(far) if by_distance else reached
        weights = op.where(op.equal(reached, const(0.0)), const(0.0), weights)
        total = op.reduce_sum(weights, const([1]))
        share = op.reduce_sum(weights * values(place), const([1])) / total
        return op.where(op.greater(total, const(0.0)), share, other)

    if known.there.size <= _PAIRED:
        return _at_gaps(distance, gone, known, mean)
    return _by_column(distance, known, mean)


def _at_gaps(distance: Var, gone: Var, known: Known, mean: _Mean) -> Var:
    """The means at the places of missing values, 0 elsewhere."""
    places = op.transpose(op.non_zero(gone), perm=[1, 0])
    row, column = (op.gather(places, const(i), axis=1) for i in range(2))
    start = op.unsqueeze(column, const([1])) * const(len(known.rows))
    filled, other = const(known.filled.T.ravel()), const(known.means[:, None])
    found = mean(
        op.gather(distance, row, axis=0),
        op.gather(const(known.lacking), column, axis=0),
        lambda nearest: op.gather(filled, op.add(nearest, start), axis=0),
        op.gather(other, column, axis=0),
    )
    nothing = op.constant_of_shape(op.shape(gone), value=np.zeros(1))
    return op.scatter_nd(nothing, places, op.squeeze(found, const([1])))


def _by_column(distance: Var, known: Known, mean: _Mean) -> Var:
    """The means of all columns, with room for one distance per fitted row."""

    def step(made: Var, lacking: Var, values: Var, unit: Var, other: Var) -> Var:
        return (
            made + mean(distance, lacking, lambda nearest: op.gather(values, nearest, axis=0), other) * unit
        )

    # Asked for out here, too, the distances aren't computed again for every column.
    start = op.expand(const(0.0), op.concat([batch_size(distance), const([len(known.means)])], axis=0))
    columns = (known.lacking, known.filled.T, np.eye(len(known.means)), known.means)
    return fold(start, [const(np.ascontiguousarray(each)) for each in columns], step)
