"""Tensors brought to a common size: along axes, in groups of channels, by fixed statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.shaping import reshaped
from onnxpipe.core.ops import Var, alike, const, dtype_of, op, shape_of

Array = NDArray[Any]
Affine = tuple[Any, Any]
"""What a normalised tensor is multiplied by, and what is then added to it."""


def by_statistics(x: Var, axis: int, mean: Array, variance: Array, epsilon: float, more: Affine) -> Var:
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` along an axis, as one product and one sum."""
    gamma, beta = more
    scale = (1 / np.sqrt(variance + variance.dtype.type(epsilon))).astype(variance.dtype) * gamma
    shape = [1] * len(shape_of(x))
    shape[axis] = -1
    shift = (beta - mean * scale).astype(variance.dtype)
    return op.add(op.mul(x, const(scale.reshape(shape))), const(shift.reshape(shape)))


def by_moments(x: Var, axes: Sequence[int], epsilon: float, more: Affine) -> Var:
    """``x`` less its mean by its standard deviation along axes, times gamma, plus beta.

    The mean is taken off before squares are taken: onnxruntime's own kernel loses digits where it is large.
    """
    gamma, beta = more
    mean = op.reduce_mean(x, const(list(axes)))
    off = op.sub(x, mean)
    scale = _inverse_root(op.reduce_mean(op.mul(off, off), const(list(axes))), epsilon)
    scale = op.mul(scale, const(gamma, dtype_of(x)))
    return op.add(op.mul(x, scale), op.sub(const(beta, dtype_of(x)), op.mul(mean, scale)))


def by_root_mean_square(x: Var, axes: Sequence[int], epsilon: float, gamma: Any) -> Var:
    """``x / sqrt(mean(x**2) + epsilon)`` along axes, times gamma."""
    inverse = _inverse_root(op.reduce_mean(op.mul(x, x), const(list(axes))), epsilon)
    return op.mul(op.mul(x, inverse), const(gamma, dtype_of(x)))


def by_spread(x: Var, axes: Sequence[int], epsilon: float, gamma: Any) -> Var:
    """``x`` by its standard deviation along axes, its mean left in, times gamma."""
    off = op.sub(x, op.reduce_mean(x, const(list(axes))))
    inverse = _inverse_root(op.reduce_mean(op.mul(off, off), const(list(axes))), epsilon)
    return op.mul(op.mul(x, inverse), const(gamma, dtype_of(x)))


def in_groups(x: Var, groups: int, epsilon: float, more: Affine) -> Var:
    """``by_moments`` of ``x`` ``[N, ..., C]``, per row over all places and the channels of each group."""
    channels = shape_of(x)[-1]
    size = channels // groups
    gamma, beta = (np.reshape(part, (groups, size)) if np.ndim(part) else part for part in more)
    parted = reshaped(x, [-1 if len(shape_of(x)) > 2 else 1, groups, size])
    normal = by_moments(parted, [1, 3], epsilon, (gamma, beta))
    return alike(op.reshape(normal, op.shape(x)), x)


def unit(x: Var, axes: Sequence[int], epsilon: float) -> Var:
    """``x`` by its length along axes, at most ``1 / epsilon`` times as long as before."""
    inverse = op.reciprocal(op.sqrt(op.reduce_sum(op.mul(x, x), const(list(axes)))))
    return op.mul(x, op.min([inverse, const(1 / epsilon, dtype_of(x))]))


def _inverse_root(x: Var, epsilon: float) -> Var:
    return op.reciprocal(op.sqrt(op.add(x, const(epsilon, dtype_of(x)))))
