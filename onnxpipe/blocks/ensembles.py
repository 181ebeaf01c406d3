"""From the answers of several models to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, as_many, cast, concat, const, dtype_of, ml, op, promote

Array = NDArray[Any]


def total(parts: Sequence[Var]) -> Var:
    """The sum of tensors of one shape, in their common dtype."""
    return parts[0] if len(parts) == 1 else op.sum(list(promote(*parts)))


def mean(parts: Sequence[Var], weights: Sequence[float] | None = None) -> Var:
    """The (weighted) mean of tensors of one shape. Formula: numpy.average."""
    if weights is None:
        summed = total(parts)
        return summed if len(parts) == 1 else summed / const(float(len(parts)), dtype_of(summed))
    weighed = [part * const(float(weight)) for part, weight in zip(parts, weights, strict=True)]
    return total(weighed) / const(np.sum(weights, dtype=np.float64))


def placed(values: Var, positions: Array, count: int) -> Var:
    """Columns of ``values`` ``[N, m]`` at these positions of ``count``, zeros elsewhere: ``[N, count]``."""
    if np.array_equal(positions, np.arange(count)):
        return values
    source = np.full(count, len(positions))
    source[positions] = np.arange(len(positions))
    return op.gather(op.pad(values, const([0, 0, 0, 1])), const(source), axis=1)


def stacked(parts: Sequence[Var]) -> Var:
    """Vectors ``[N]`` side by side as columns ``[N, m]``, in their common dtype."""
    parts = parts if dtype_of(parts[0]).kind == "U" else promote(*parts)
    if len(parts) == 1:
        return op.unsqueeze(parts[0], const([1]))
    rows = op.reshape(concat(parts, 0), const([len(parts), -1]))
    return op.transpose(rows, perm=[1, 0])


def votes(labels: Var, classes: Array, weights: Sequence[float] | Array | None = None) -> Var:
    """The (summed weight or) number of columns of ``labels`` ``[N, m]`` that say each class: ``[N, k]``.

    Weights are added one after the other, as numpy.bincount does: sums that tie there tie here.
    """
    said = op.equal(op.unsqueeze(labels, const([2])), const(classes))
    if weights is None:
        return op.reduce_sum(cast(said, np.int64), const([1]), keepdims=0)
    weighed = cast(said, np.float64) * const(np.reshape(weights, (-1, 1)), np.float64)
    return op.gather(op.cumsum(weighed, const(1)), const(-1), axis=1)


def weighted_median(values: Var, weights: Array) -> Var:
    """Per row of ``values`` ``[N, m]``, the lowest with at least half the weight up to it: ``[N]``."""
    count, last = len(weights), const([-1])
    # With the row that TopK needs below (see core.ops.ranked), the weights can be taken by an operator
    # that needs one too: onnxruntime's Gather is seven times as slow for lone numbers.
    ordered, order = op.top_k(op.pad(values, const([0, 0, 1, 0])), const([count]), axis=1, largest=0)
    taken = ml.array_feature_extractor(const(weights, np.float64), op.reshape(order, last))
    so_far = op.cumsum(op.reshape(taken, const([-1, count])), const(1))
    half = op.gather(so_far, last, axis=1) * const(0.5)
    first = op.arg_max(cast(op.greater_or_equal(so_far, half), np.int32), axis=1)
    median = op.slice(op.gather_elements(ordered, first, axis=1), const([0]), last, const([0]))
    return as_many(op.squeeze(median, const([1])), values)
