"""What rows are to a cloud of fitted points, by their nearest ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.points.neighbours import Near
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, batch_size, cast, const, dtype_of, op, shape_of

Array = NDArray[Any]


def scattered(near: Near, count: int, *, measured: bool) -> Var:
    """``[N, count]``: a neighbour's distance (or 1, unless ``measured``) at its position, else 0."""
    shape = op.concat([batch_size(near.position), const([count])], axis=0)
    far = near.distance if measured else cast(near.distance, np.float64)
    filled = far if measured else op.reciprocal(op.exp(far - far))
    zeros = op.expand(const(0, dtype_of(filled)), shape)
    return op.reshape(op.scatter_elements(zeros, near.position, filled, axis=1), const([0, count]))


def shortest(near: Near, ways: Array) -> Var:
    """The shortest way to every fitted point ``[N, m]`` through the neighbours.

    ``ways`` ``[m, m]`` are those between fitted points.
    """
    wide = near._replace(distance=cast(near.distance, np.float64))
    distance, position = (op.transpose(each, perm=[1, 0]) for each in wide)
    table = const(ways, np.float64)

    def step(best: Var, far: Var, through: Var) -> Var:
        return op.min([best, op.gather(table, through, axis=0) + op.unsqueeze(far, const([1]))])

    start = op.expand(const(np.inf), op.concat([batch_size(near.position), const([len(ways)])], axis=0))
    return fold(start, [distance, position], step)


def barycentre(x: Var, position: Var, points: Array, regularisation: float) -> Var:
    """Weights ``[N, k]`` that add up to 1, with which the neighbours make up the row best.

    Formula: barycenter_weights in sklearn/manifold/_locally_linear.py: the Gram matrix of the
    differences, its diagonal raised by a share of its trace, solved for ones.
    """
    k = int(shape_of(position)[1])
    near = op.gather(const(points), position, axis=0)
    # Turned before the difference: onnxruntime before 1.24 fuses a product with a turned matrix to
    # an operator that it can't run in float64.
    turned = op.transpose(near, perm=[0, 2, 1]) - op.unsqueeze(x, const([2]))
    gram = op.matmul(near - op.unsqueeze(x, const([1])), turned)
    eye = const(np.eye(k))
    share = const(regularisation)
    trace = op.reduce_sum(op.mul(gram, eye), const([1, 2]))
    ridge = op.where(op.greater(trace, const(0.0)), op.mul(trace, share), share)
    weights = solved(op.add(gram, op.mul(ridge, eye)))
    return weights / op.reduce_sum(weights, const([1]))


def solved(matrix: Var) -> Var:
    """``w`` ``[N, k]`` with ``matrix @ w = 1``, for positive definite float64 ``[N, k, k]``.

    Gauss and Jordan's elimination, column by column; such matrices need no pivots.
    """
    k = int(shape_of(matrix)[1])
    start = op.pad(matrix, const([0, 0, 0, 0, 0, 1]), const(1.0))
    units = np.eye(k)

    def step(state: Var, unit: Var, column: Var) -> Var:
        row = op.reduce_sum(state * unit, const([1]))
        pivot = op.reduce_sum(row * column, const([2]))
        factor = op.reduce_sum(state * column, const([2]))
        return state - (factor - unit) * (row / pivot)

    picks = np.pad(units, ((0, 0), (0, 1)))[:, None, :]
    final = fold(start, [const(units[:, :, None]), const(picks)], step)
    return cast(op.gather(final, const(k), axis=2), np.float64)
