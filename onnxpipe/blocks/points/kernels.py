"""Kernel functions between rows and fitted points. Formulas: sklearn/metrics/pairwise.py."""

from __future__ import annotations

from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.blocks.points import distances
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, cast, const, dtype_of, filled, op, take_columns

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


_POINTS, _TERMS = 3, 256
"""Points for each term from which on, and terms up to which, a polynomial is sooner computed by its terms."""


def weighted(x: Var, points: Array, kernel: Kernel, coef: Array, offset: Any) -> Var:
    """``around(x, points) @ coef.T + offset`` ``[N, k]``, for ``coef`` ``[k, m]``."""
    count = points.shape[1] ** (int(kernel.degree) - 1) if kernel.degree in (2, 3) else _TERMS + 1
    if kernel.name in ("poly", "polynomial") and count <= min(_TERMS, len(points) // _POINTS):
        return _by_terms(x, points, kernel, coef, offset)
    return linear.affine(around(x, points, kernel), coef, offset)


def _by_terms(x: Var, points: Array, kernel: Kernel, coef: Array, offset: Any) -> Var:
    """The sum of polynomials as the one polynomial that it is, the points summed beforehand.

    ``(gamma * x @ p + coef0)**n`` is the sum over ``r`` of ``n`` over ``r`` times ``coef0**(n - r)`` times
    ``gamma**r`` times the products of ``r`` features of ``x`` and the same of ``p``. By Horner's scheme, each
    step multiplies with one feature and sums.
    """
    common, degree, width = np.result_type(dtype_of(x), points), int(kernel.degree), points.shape[1]
    x, held = cast(x, common), []
    products: Array = np.ones((len(points), 1))
    for r in range(degree + 1):
        held.append(coef @ products * (comb(degree, r) * kernel.coef0 ** (degree - r) * kernel.gamma**r))
        products = (
            (products[:, :, None] * points[:, None]).reshape(len(points), -1) if r < degree else products
        )
    held[0] = held[0] + np.reshape(offset, (-1, 1))
    made = linear.affine(x, held[-1].reshape(-1, width), held[-2].ravel())
    for left in reversed(held[:-2]):
        repeated = take_columns(x, np.tile(np.arange(width), left.size))
        made = linear.affine(made * repeated, np.kron(np.eye(left.size), np.ones(width)), left.ravel())
    return made


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


def projected(k: Var, fitted: Array, total: Any, axes: Array) -> Var:
    """``centred(k, fitted, total) @ axes`` ``[N, c]``, for ``axes`` ``[m, c]``, by one product.

    The mean of a row is a product with ones, so that it can be taken off the axes instead.
    """
    return linear.affine(k, (axes - axes.mean(axis=0)).T, (np.asarray(total) - fitted) @ axes)


def projected_products(x: Var, points: Array, fitted: Array, total: Any, axes: Array) -> Var:
    """The same of the products ``x @ points.T``: points ``[m, d]`` and axes are multiplied beforehand."""
    both = (axes - axes.mean(axis=0)).T.astype(np.float64) @ points
    offset = (np.asarray(total) - fitted) @ axes
    return linear.affine(x, both.astype(np.result_type(dtype_of(x), points, axes)), offset)


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
