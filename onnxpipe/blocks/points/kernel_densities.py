"""Densities that are sums of one bump per fitted point. Formulas: sklearn/neighbors/_binary_tree.pxi.tp."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, const, op

Array = NDArray[Any]


class Scale(NamedTuple):
    """A kernel by name, its bandwidth, and the dimensions of the space it is one in."""

    kernel: str
    bandwidth: float
    dimensions: int


def log_density(square: Var, weights: Array, scale: Scale) -> Var:
    """The logarithm ``[N]`` of the weighted mean of the kernels around m points.

    ``square`` ``[N, m]`` are the squared distances to them.
    """
    kernel, bandwidth, dimensions = scale
    with np.errstate(divide="ignore"):
        shares = np.log(weights)
    total = linear.log_sum_exp(_log_kernel(square, kernel, bandwidth) + shares, const([1]), keepdims=0)
    norm = _log_norm(kernel, dimensions, bandwidth) - np.log(weights.sum())
    return op.add(total, const(norm))


def _log_kernel(square: Var, kernel: str, h: float) -> Var:
    """The logarithm of the kernel by squared distance ``[N, m]``, not normalised."""
    if kernel == "gaussian":
        return op.div(op.mul(square, const(-0.5)), const(h * h))
    far = op.sqrt(square)
    if kernel == "exponential":
        return op.div(op.neg(far), const(h))
    right = const(0.5 * np.pi)
    near = op.less(far, const(h))
    inside = {
        "tophat": lambda: const(0.0),
        "epanechnikov": lambda: _log_left(op.div(square, const(h * h))),
        "linear": lambda: _log_left(op.div(far, const(h))),
        "cosine": lambda: op.log(_cosine(op.min([op.div(op.mul(far, right), const(h)), right]))),
    }[kernel]()
    return op.where(near, inside, const(-np.inf))


def _cosine(angle: Var) -> Var:
    """The cosine of float64 between 0 and pi / 2, right to its last digits: a sine from the other end."""
    return op.sin(op.add(op.sub(const(0.5 * np.pi), angle), const(6.123233995736766e-17)))


def _log_left(share: Var) -> Var:
    """``log(1 - share)``, ``-inf`` from 1 up."""
    return op.log(op.max([const(1.0) - share, const(0.0)]))


def _log_norm(kernel: str, d: int, h: float) -> float:
    """The logarithm of what makes the kernel's integral over d dimensions 1."""
    volume, sphere = _log_ball(d), math.log(2 * math.pi) + _log_ball(d - 2)
    factor = {
        "gaussian": 0.5 * d * math.log(2 * math.pi),
        "tophat": volume,
        "epanechnikov": volume + math.log(2 / (d + 2)),
        "exponential": sphere + math.lgamma(d),
        "linear": volume - math.log(d + 1),
        "cosine": _cosine_moment(d) + sphere,
    }[kernel]
    return -factor - d * math.log(h)


def _log_ball(d: int) -> float:
    """The logarithm of the volume of the unit ball in d dimensions."""
    return 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1)


def _cosine_moment(d: int) -> float:
    """The logarithm of the integral of ``r**(d - 1) * cos(pi r / 2)`` from 0 to 1, by parts.

    NaN where native's sum, which is one for odd d, comes out negative.
    """
    total, term = 0.0, 2 / math.pi
    for k in range(1, d + 1, 2):
        total += term
        term *= -(d - k) * (d - k - 1) * (2 / math.pi) ** 2
    return math.log(total) if total > 0 else math.nan
