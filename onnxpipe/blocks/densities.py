"""Log-densities and what classifiers make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear, numeric
from onnxpipe.core.ops import Var, alike, const, dtype_of, op, promote

Array = NDArray[Any]


_MODERATE = 4e5
"""A logarithm up to which float64 keeps 10 digits of what is added to it."""


def normalised(joint: Var, largest: float = np.inf) -> Var:
    """``exp(joint - logsumexp(joint))`` ``[N, k]``: posteriors from joint log-likelihoods.

    Unlike a softmax, values so large that the logarithm of the sum vanishes beside them keep the
    1 that native answers for each of several equal classes. ``largest`` says that none are above it;
    else a batch in float64 tells whether any are, since a softmax takes half the time or less.
    """
    if dtype_of(joint) != np.float64:
        return _by_logarithm(joint)
    if largest <= _MODERATE:
        return linear.softmax(joint)
    (found,) = op.if_(
        op.less(op.reduce_sum_square(joint, keepdims=0), const(_MODERATE**2)),
        then_branch=lambda: [linear.softmax(joint)],
        else_branch=lambda: [_by_logarithm(joint)],
    )
    return alike(found, joint)


def _by_logarithm(joint: Var) -> Var:
    return op.exp(linear.plus_column(joint, linear.log_sum_exp(joint, const([1])), -1.0))


def diagonal_norms(x: Var, means: Array, variances: Array) -> Var:
    """``sum((x - means[i])**2 / variances[i])`` over features ``[N, k]``, for ``[k, d]`` of each."""
    gap = op.unsqueeze(x, const([1])) - means
    return op.reduce_sum(gap * gap / variances, const([2]), keepdims=0)


def whitened_norms(x: Var, means: Array, maps: Array) -> Var:
    """``||(x - means[i]) @ maps[i]||**2`` ``[N, k]``, for means ``[k, d]`` and maps ``[k, d, r]``."""
    gap = op.unsqueeze(x, const([0])) - np.asarray(means)[:, None, :]
    scaled = op.matmul(*promote(gap, maps))
    return op.transpose(op.reduce_sum_square(scaled, const([2]), keepdims=0), perm=[1, 0])


def mapped_norms(x: Var, means: Array, maps: Array) -> Var:
    """``||x @ maps[i] - means[i] @ maps[i]||**2`` ``[N, k]``, for means ``[k, d]`` and maps ``[k, d, r]``."""
    k, d, r = maps.shape
    together = maps.transpose(1, 0, 2).reshape(d, k * r)
    offset = np.einsum("kd,kdr->kr", means, maps).reshape(-1)
    gaps = op.reshape(linear.affine(x, together.T, -offset), const([0, k, r]))
    return op.reduce_sum_square(gaps, const([2]), keepdims=0)


def gaussian(x: Var, mean: Array, precision: Array) -> Var:
    """The log-density ``[N]`` of a Gaussian with this mean ``[d]`` and inverse covariance ``[d, d]``."""
    gap = x - np.asarray(mean)
    square = op.reduce_sum(gap * op.matmul(*promote(gap, precision)), const([1]), keepdims=0)
    sign, logdet = np.linalg.slogdet(precision)
    constant = len(mean) * np.log(2 * np.pi) - (logdet if sign > 0 else -np.inf)
    return op.mul(square + const(constant, dtype_of(square)), const(-0.5, dtype_of(square)))


def table_sums(index: Var, tables: list[Array]) -> Var:
    """``sum(tables[j][:, index[:, j]])`` over columns ``[N, k]``, for int64 ``index`` ``[N, d]``.

    ``tables[j]`` is ``[k, size]``, with a size of its own.
    """
    sizes = [table.shape[1] for table in tables]
    starts = np.cumsum([0, *sizes[:-1]])
    places = index + numeric.beside(index, starts)
    rows = op.gather(const(np.concatenate(tables, axis=1).T), places, axis=0)
    finite = all(np.isfinite(table).all() for table in tables)
    return numeric.summed_within(rows) if finite else op.reduce_sum(rows, const([1]), keepdims=0)
