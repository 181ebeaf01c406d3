"""Covariance functions of Gaussian processes. Formulas: sklearn/gaussian_process/kernels.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import special
from onnxpipe.blocks.points import distances
from onnxpipe.core.ops import Var, const, op

Array = NDArray[Any]

SMOOTHNESS = (0.5, 1.5, 2.5, np.inf)
"""The values of ``nu`` for which Matern's kernel needs no Bessel function."""


def rbf(x: Var, points: Array, length: Any) -> Var:
    """``exp(-|(x - p) / length|**2 / 2)`` ``[N, m]``."""
    return op.exp(op.mul(distances.squared_differences(x / length, points / length), const(-0.5)))


def matern(x: Var, points: Array, length: Any, nu: float) -> Var:
    """Matern's kernel ``[N, m]`` for a ``nu`` of ``SMOOTHNESS``."""
    if nu == np.inf:
        return rbf(x, points, length)
    far = op.sqrt(distances.squared_differences(x / length, points / length))
    if nu == 0.5:
        return op.exp(op.neg(far))
    far, one = op.mul(far, const(np.sqrt(2 * nu))), const(1.0)
    shape = op.add(far, one)
    if nu == 2.5:
        shape = op.add(shape, op.div(op.mul(far, far), const(3.0)))
    return op.mul(shape, op.exp(op.neg(far)))


def rational_quadratic(x: Var, points: Array, length: float, alpha: float) -> Var:
    """``(1 + |x - p|**2 / (2 alpha length**2)) ** -alpha`` ``[N, m]``."""
    share = op.div(distances.squared_differences(x, points), const(2 * alpha * length**2))
    return op.pow(op.add(const(1.0), share), const(-alpha))


def sine_squared(x: Var, points: Array, length: float, period: float) -> Var:
    """``exp(-2 (sin(pi |x - p| / period) / length)**2)`` ``[N, m]``."""
    angle = op.mul(op.sqrt(distances.squared_differences(x, points)), const(np.pi / period))
    wave = op.div(op.sin(angle), const(length))
    return op.exp(op.mul(op.mul(wave, wave), const(-2.0)))


_LAMBDAS = np.array([0.41, 0.4, 0.37, 0.44, 0.39])
_SHARES = np.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])
"""Five error functions that add up to the logistic function: sklearn/gaussian_process/_gpc.py."""


def expected_logistic(mean: Var, variance: Var) -> Var:
    """The mean of ``1 / (1 + exp(-f))`` ``[N, 1]`` for Gaussian f of this mean and variance ``[N, 1]``.

    Williams and Barber, PAMI 20 (1998), Appendix A.
    """
    two, pi = const(2.0), const(np.pi)
    alpha = op.div(const(1.0), op.mul(two, variance))
    inner = special.erf(mean * _LAMBDAS * op.sqrt(alpha / (alpha + _LAMBDAS**2)))
    scale = op.mul(two, op.sqrt(op.mul(op.mul(variance, two), pi)))
    integrals = op.div(op.mul(op.sqrt(op.div(pi, alpha)), inner), scale)
    # Large terms almost cancel: added one after the other, as native does.
    terms = op.split(op.mul(integrals, const(_SHARES)), num_outputs=len(_SHARES), axis=1)
    return op.add(op.sum(list(terms)), const(0.5 * _SHARES.sum()))
