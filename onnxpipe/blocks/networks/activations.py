"""What neural networks bend their sums with: element by element, of any rank, in the precision of ``x``."""

from __future__ import annotations

import numpy as np

from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, alike, const, dtype_of, op, ranked, shape_of


def _like(x: Var, value: float) -> Var:
    return const(value, dtype_of(x))


def between(x: Var, low: float, high: float) -> Var:
    """``x`` held between two numbers; NaN stays."""
    return op.clip(x, _like(x, low), _like(x, high))


def above(x: Var, threshold: float, otherwise: float = 0.0) -> Var:
    """``x`` where it is above a threshold, else a number; so for NaN."""
    return op.where(op.greater(x, _like(x, threshold)), x, _like(x, otherwise))


def relu(x: Var, slope: float = 0.0, ceiling: float | None = None, threshold: float = 0.0) -> Var:
    """``x`` above the threshold, ``slope * (x - threshold)`` below it, at most ``ceiling``."""
    if slope and ceiling is None and not threshold:
        return op.leaky_relu(x, alpha=slope)
    kept = above(x, threshold) if threshold else op.relu(x)
    if ceiling is not None:
        kept = between(kept, 0.0, ceiling)
    if not slope:
        return kept
    below = op.relu(op.sub(_like(x, threshold), x))
    return op.sub(kept, op.mul(below, _like(x, slope)))


def leaky_relu(x: Var, slope: float) -> Var:
    return op.leaky_relu(x, alpha=slope)


def elu(x: Var, alpha: float = 1.0) -> Var:
    """``alpha * (exp(x) - 1)`` below 0."""
    return op.elu(x, alpha=alpha)


def gelu(x: Var, approximate: bool = False) -> Var:
    """``x`` times the normal distribution function of ``x``, exactly or by tanh."""
    return op.gelu(x, approximate="tanh" if approximate else "none")


def sigmoid(x: Var) -> Var:
    """``1 / (1 + exp(-x))``, with all its digits where it is small.

    onnxruntime's own (1.31) is off by 1e-7 whatever it answers: by a half of what it answers to -16.
    In float16, where that is less than a step from 1 to 2, the exponential would overflow too soon.
    """
    if dtype_of(x) == np.float16:
        return op.sigmoid(x)
    return linear.expit(x)


def silu(x: Var) -> Var:
    """``x`` times its logistic function, by onnxruntime's own, whose error is small beside ``x``'s."""
    return op.mul(x, op.sigmoid(x))


def mish(x: Var) -> Var:
    return op.mul(x, op.tanh(op.softplus(x)))


def log_sigmoid(x: Var) -> Var:
    return op.neg(op.softplus(op.neg(x)))


def hard_sigmoid(x: Var) -> Var:
    """``(x + 3) / 6`` held between 0 and 1."""
    return op.div(between(op.add(x, _like(x, 3)), 0.0, 6.0), _like(x, 6.0))


def hard_sigmoid_of_fifths(x: Var) -> Var:
    """``x / 5 + 1 / 2`` held between 0 and 1."""
    return between(op.add(op.mul(x, _like(x, 0.2)), _like(x, 0.5)), 0.0, 1.0)


def hard_shrink(x: Var, threshold: float = 0.5) -> Var:
    """``x``, 0 within the threshold."""
    return op.where(op.greater(op.abs(x), _like(x, threshold)), x, _like(x, 0))


def soft_shrink(x: Var, threshold: float = 0.5) -> Var:
    """``x`` nearer to 0 by the threshold, 0 within it."""
    low = op.where(op.less(x, _like(x, -threshold)), op.add(x, _like(x, threshold)), _like(x, 0))
    return op.where(op.greater(x, _like(x, threshold)), op.sub(x, _like(x, threshold)), low)


def tanh_shrink(x: Var) -> Var:
    return op.sub(x, op.tanh(x))


def sparse_plus(x: Var) -> Var:
    """``(x + 1)**2 / 4`` between -1 and 1, 0 below and ``x`` above."""
    root = op.add(x, _like(x, 1))
    middle = op.mul(op.mul(root, root), _like(x, 0.25))
    high = op.where(op.less(x, _like(x, 1)), middle, x)
    return op.where(op.less_or_equal(x, _like(x, -1)), _like(x, 0), high)


def sparse_sigmoid(x: Var) -> Var:
    """``(x + 1) / 2`` held between 0 and 1."""
    return op.mul(between(op.add(x, _like(x, 1)), 0.0, 2.0), _like(x, 0.5))


def squareplus(x: Var, b: float = 4.0) -> Var:
    """``(x + sqrt(x**2 + b)) / 2``."""
    return op.mul(op.add(x, op.sqrt(op.add(op.mul(x, x), _like(x, b)))), _like(x, 0.5))


def gated(x: Var, axis: int = -1) -> Var:
    """One half along an axis times the logistic function of the other (GLU)."""
    one, two = op.split(x, num_outputs=2, axis=axis)
    return op.mul(one, sigmoid(two))


def sparsemax(x: Var) -> Var:
    """``max(x - t, 0)`` over the last axis, ``t`` from the running sums in the support, as Keras has it.

    It adds the running sums themselves where Martins and Astudillo (2016, algorithm 1) take the last one.
    """
    width, one = shape_of(x)[-1], _like(x, 1)
    rows = op.reshape(x, const([-1, width]))
    best, _ = ranked(rows, const([width]))
    total = op.cumsum(best, const(1))
    count = const(np.arange(1, width + 1), dtype_of(x))
    inside = op.greater(op.sub(best, op.div(op.sub(total, one), count)), _like(x, 0))
    size = op.reduce_sum(op.cast(inside, to=dtype_of(x)), const([1]))
    held = op.reduce_sum(op.where(inside, total, _like(x, 0)), const([1]))
    shifted = op.sub(rows, op.div(op.sub(held, one), size))
    return alike(op.reshape(op.relu(shifted), op.shape(x)), x)
