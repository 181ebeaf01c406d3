"""One classifier for each pair of classes: their votes, and the probabilities that fit them all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.core.loops import fold, repeated
from onnxpipe.core.ops import Var, cast, const, dtype_of, op

Array = NDArray[Any]


def pairs(count: int) -> tuple[Array, Array]:
    """The pairs (i, j), i < j, of ``count`` classes, in the order of their classifiers."""
    return np.triu_indices(count, 1)


def _signs(count: int) -> Array:
    """``[count, pairs]``: 1 for the first class of a pair, -1 for the second."""
    first, second = pairs(count)
    classes = np.arange(count)[:, None]
    return np.asarray((classes == first) * 1.0 - (classes == second))


def weights(coef: Array, counts: Array) -> Array:
    """What each support vector weighs for each pair of classes ``[pairs, vectors]``; NaN where it has no say.

    libsvm keeps the vectors class by class, ``counts`` of each, and in ``coef`` ``[classes - 1, vectors]``,
    for a vector of class i, its weight against class j in row j, counted without i.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    first, second = (side[:, None] for side in pairs(len(counts)))
    of_first, of_second = coef[second[:, 0] - 1], coef[first[:, 0]]
    mine = np.where(owner == first, of_first, np.nan)
    return np.asarray(np.where(owner == second, of_second, mine), np.float64)


def platt(scores: Var, slope: Array, offset: Array) -> Var:
    """``1 / (1 + exp(slope * scores + offset))`` within [1e-7, 1 - 1e-7], NaN at 1e-7: ``[N, pairs]``.

    Formula: sigmoid_predict and svm_predict_probability in libsvm's svm.cpp.
    """
    least = const(1e-7)
    p = linear.expit(op.neg(scores * slope + offset))
    return op.where(op.greater(p, least), op.min([p, const(1 - 1e-7)]), least)


def votes(first: Var, count: int) -> Var:
    """float64 ``[N, count]``: how many pairs each class wins; bool ``first`` ``[N, pairs]`` says who does."""
    return linear.affine(cast(first, np.float64), _signs(count), np.arange(count, dtype=np.float64))


def confident_votes(scores: Var, first: Var, count: int) -> Var:
    """Votes plus less than a third of one by sums of ``scores`` ``[N, pairs]``, which favour the first.

    Formula: sklearn.utils.multiclass._ovr_decision_function.
    """
    total = linear.affine(scores, _signs(count))
    one, three = const(1, dtype_of(total)), const(3, dtype_of(total))
    return votes(first, count) + total / (three * (op.abs(total) + one))


def coupled(p: Var, count: int) -> Var:
    """Class probabilities ``[N, count]`` from those of each pair's first class, float64 ``[N, pairs]``.

    The second method of Wu, Lin and Weng, JMLR 5 (2004), with the stopping rule of
    libsvm's multiclass_probability: a row stays as it is once it is within 0.005 / count.
    """
    q = _quadratic(p, count)
    even = const(np.full((1, count), 1 / count))
    start = op.expand(even, op.concat([op.shape(p, start=0, end=1), const([count])], axis=0))
    sweeps = op.concat([op.transpose(q, perm=[1, 0, 2]), _unit_rows(q, count)], axis=2)

    def step(state: Var) -> tuple[Var, Var]:
        slope = op.squeeze(op.matmul(q, op.unsqueeze(state, const([2]))), const([2]))
        value = op.reduce_sum(state * slope, const([1]))
        error = op.reduce_max(op.abs(slope - value), const([1]))
        open_ = op.greater_or_equal(error, const(0.005 / count))
        packed = op.concat([slope, state, value], axis=1)
        swept = fold(packed, [sweeps, const(np.eye(count))], _descent(open_, count))
        any_open = op.reduce_max(cast(op.pad(open_, const([0, 0, 1, 0])), np.int32), keepdims=0)
        return op.slice(swept, const([count]), const([2 * count]), const([1])), cast(any_open, np.bool_)

    return repeated(start, max(100, count), step)


def _descent(open_: Var, count: int) -> Any:
    """One coordinate's step on slopes, probabilities and value, side by side ``[N, 2 count + 1]``."""
    value_only = const(np.arange(2 * count + 1) == 2 * count)

    def step(packed: Var, row: Var, unit: Var) -> Var:
        slopes = op.slice(packed, const([0]), const([count]), const([1]))
        value = op.slice(packed, const([2 * count]), const([2 * count + 1]), const([1]))
        own = op.reduce_sum(op.slice(row, const([0]), const([count]), const([1])) * unit, const([1]))
        slope = op.reduce_sum(slopes * unit, const([1]))
        move = op.where(open_, (value - slope) / own, const(0.0))
        rise = move * own + const(2.0) * slope
        scale = const(1.0) + move
        moved = (packed + move * op.concat([row, rise], axis=1)) / scale
        return op.where(value_only, moved / scale, moved)

    return step


def _quadratic(p: Var, count: int) -> Var:
    """The form ``[N, count, count]`` that is least at the probabilities, from those of pairs."""
    first, second = pairs(count)
    place = np.full((count, count), 2 * len(first))
    place[first, second] = np.arange(len(first))
    place[second, first] = np.arange(len(first)) + len(first)
    both = op.pad(op.concat([p, const(1.0) - p], axis=1), const([0, 0, 0, 1]), const(0.0))
    r = op.gather(both, const(place), axis=1)
    mirrored = op.gather(both, const(place.T.copy()), axis=1)
    diagonal = op.unsqueeze(op.reduce_sum(mirrored * mirrored, const([2]), keepdims=0), const([2]))
    return op.sub(op.mul(diagonal, const(np.eye(count))), op.mul(r, mirrored))


def _unit_rows(q: Var, count: int) -> Var:
    """The unit vectors for every row ``[count, N, count]``."""
    rows = op.shape(q, start=0, end=1)
    units = const(np.eye(count)[:, None, :])
    return op.expand(units, op.concat([const([count]), rows, const([count])], axis=0))
