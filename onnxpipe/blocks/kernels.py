"""Kernel functions between rows and fitted points. Formulas: sklearn/metrics/pairwise.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import distances, linear
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, cast, const, dtype_of, filled, op

Array = NDArray[Any]


class Kernel(NamedTuple):
    """A kernel by name with its parameters; each kernel reads those it has."""

    name: str
    gamma: float = 1.0
    degree: float = 3.0
    coef0: float = 1.0


def known() -> tuple[str, ...]:
    """The kernels that ``between`` can compute."""
    return tuple(sorted(_FUNCTIONS))


def between(x: Var, points: Array, kernel: Kernel) -> Var:
    """``k(x, p)`` ``[N, m]`` for points ``[m, d]``, both first brought to their common dtype.

    Raises KeyError for a kernel that isn't ``known``.
    """
    common = np.result_type(dtype_of(x), points)
    result: Var = _FUNCTIONS[kernel.name](cast(x, common), points.astype(common), kernel)
    return result


def around(x: Var, points: Array, kernel: Kernel) -> Var:
    """As ``between``, for code that squares differences: near 0 the expanded square loses least."""
    if kernel.name == "rbf":
        origin = np.round(points.mean(axis=0))
        x, points = x - origin, points - origin
    return between(x, points, kernel)


def of_products(products: Var, kernel: Kernel) -> Var:
    """The kernel from the products ``x @ p`` ``[N, m]``, for those that need no more."""
    scaled = op.mul(products, const(kernel.gamma)) + const(kernel.coef0)
    return {"linear": products, "polynomial": op.pow(scaled, const(kernel.degree)),
            "sigmoid": op.tanh(scaled)}[kernel.name]  # fmt: skip


def centred(k: Var, fitted: Array, total: Any) -> Var:
    """``k`` ``[N, m]`` in the feature space moved to its fitted mean.

    ``fitted`` ``[m]`` are the column means of the fitted kernel, ``total`` is their mean.
    Formula: KernelCenterer in sklearn/preprocessing/_data.py.
    """
    mean = op.reduce_mean(k, const([1]))
    return k - mean + const(np.asarray(total) - fitted, dtype_of(k))


def _linear(x: Var, points: Array, kernel: Kernel) -> Var:
    return linear.affine(x, points)


def _scaled(x: Var, points: Array, kernel: Kernel) -> Var:
    return linear.affine(x, points * np.asarray(kernel.gamma, points.dtype), float(kernel.coef0))


def _polynomial(x: Var, points: Array, kernel: Kernel) -> Var:
    base = _scaled(x, points, kernel)
    return op.pow(base, const(kernel.degree, dtype_of(base)))


def _sigmoid(x: Var, points: Array, kernel: Kernel) -> Var:
    return op.tanh(_scaled(x, points, kernel))


def _rbf(x: Var, points: Array, kernel: Kernel) -> Var:
    square = distances.squared(x, points)
    return op.exp(op.mul(square, const(-kernel.gamma, dtype_of(square))))


def _laplacian(x: Var, points: Array, kernel: Kernel) -> Var:
    far = distances.manhattan(x, points)
    return op.exp(op.mul(far, const(-kernel.gamma, dtype_of(far))))


def _additive_chi2(x: Var, points: Array, kernel: Kernel) -> Var:
    """``-sum((x - p)**2 / (x + p))``, features of which both are 0 left out."""

    def step(total: Var, row: Var, column: Var) -> Var:
        side = op.unsqueeze(row, const([1]))
        whole, zero = side + column, const(0, dtype_of(total))
        some = op.not_(op.equal(whole, zero))
        gap = side - column
        return total - op.where(some, gap * gap / op.where(some, whole, const(1, dtype_of(total))), zero)

    start = filled(x, np.zeros((), points.dtype), len(points))
    return fold(start, [op.transpose(x, perm=[1, 0]), const(np.ascontiguousarray(points.T))], step)


def _chi2(x: Var, points: Array, kernel: Kernel) -> Var:
    far = _additive_chi2(x, points, kernel)
    return op.exp(op.mul(far, const(kernel.gamma, dtype_of(far))))


def _cosine(x: Var, points: Array, kernel: Kernel) -> Var:
    norms = np.linalg.norm(points, axis=1, keepdims=True)
    length = op.reduce_l2(x, const([1]))
    zero = const(0, dtype_of(x))
    unit = x / op.where(op.equal(length, zero), const(1, dtype_of(x)), length)
    return linear.affine(unit, points / np.where(norms == 0, 1, norms))


_FUNCTIONS = {
    "linear": _linear,
    "poly": _polynomial,
    "polynomial": _polynomial,
    "sigmoid": _sigmoid,
    "rbf": _rbf,
    "laplacian": _laplacian,
    "cosine": _cosine,
    "additive_chi2": _additive_chi2,
    "chi2": _chi2,
}
