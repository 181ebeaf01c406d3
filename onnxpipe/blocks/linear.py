"""Linear maps and the link functions on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import terms
from onnxpipe.core.ops import Var, as_many, cast, concat, const, dtype_of, op, promote, shape_of

Array = NDArray[Any]

_SHORT = 8


def affine(x: Var, coef: Array, intercept: Any = 0.0) -> Var:
    """``x @ coef.T + intercept`` in numpy's common dtype.

    ``[N, k]`` for ``coef`` ``[k, d]``, ``[N]`` for ``[d]``.
    """
    coef = np.asarray(coef)
    offset: Any = intercept if np.isscalar(intercept) else np.asarray(intercept)
    if terms.pays(x, len(np.atleast_2d(coef))):
        return _over_terms(x, coef, offset)
    if coef.ndim == 1 and len(shape_of(x)) == 2:
        x, weights = promote(x, coef[None])
        # On many rows, onnxruntime 1.31 takes half as long for float32 in a row as in a column, and for
        # float64 a third longer unless rows are short. (MatMul with a vector fails there on 0 rows.)
        if dtype_of(x) == np.float32 or len(coef) <= _SHORT:
            return op.squeeze(_shifted(weights, x, offset, transposed=True), const([0]))
    x, weights = promote(x, np.ascontiguousarray(np.atleast_2d(coef).T))
    result = _shifted(x, weights, offset)
    return column(result) if coef.ndim == 1 else result


def _over_terms(x: Var, coef: Array, offset: Any) -> Var:
    """The same for rows, or some columns of them, that are known by what isn't 0 in them."""
    parts = terms.side_by_side(x)
    weights = np.split(np.atleast_2d(coef), np.cumsum([shape_of(part)[1] for part in parts])[:-1], axis=1)
    products = [_of_terms(part, each) for part, each in zip(parts, weights, strict=True)]
    result = op.add(*promote(reduce(op.add, promote(*products)), offset))
    return column(result) if coef.ndim == 1 else result


def _of_terms(x: Var, coef: Array) -> Var:
    held = terms.terms_of(x)
    return affine(x, coef) if held is None else terms.product(held, coef)


def _shifted(a: Var, b: Var, offset: Any, *, transposed: bool = False) -> Var:
    """``a @ b + offset``, or ``a @ b.T``, summed in numpy's common dtype of product and offset."""
    bias = promote(a, offset)[1]
    fused = bool(np.any(offset)) and dtype_of(bias) == dtype_of(a)
    if fused:
        return op.gemm(a, b, bias, transB=int(transposed))
    result = op.gemm(a, b, transB=1) if transposed else _product(a, b)
    return op.add(*promote(result, offset)) if np.any(offset) else cast(result, dtype_of(bias))


def _product(x: Var, weights: Var) -> Var:
    """``x @ weights``; as Gemm where it can be.

    onnxruntime 1.31 merges a factor beside a MatMul into it as a float32, also where all is float64.
    """
    return op.gemm(x, weights) if len(shape_of(x)) == 2 else op.matmul(x, weights)


def projected(x: Var, mean: Array | None, axes: Array) -> Var:
    """``(x - mean) @ axes`` ``[N, k]`` for ``axes`` ``[d, k]``, centred first."""
    return affine(x if mean is None else x - np.asarray(mean), np.asarray(axes).T)


def log_sum_exp(x: Var, axes: Var, *, keepdims: int = 1) -> Var:
    """``log(sum(exp(x)))`` over ``axes``, stabilised by the maximum where that is finite.

    onnxruntime 1.31's ReduceLogSumExp takes 0 for the maximum where the first is -inf and none is above 0:
    of the logarithms of a class with no share and of one far away it leaves nothing.
    """
    top = op.reduce_max(x, axes, keepdims=1)
    top = op.where(op.isinf(top), const(0, dtype_of(x)), top)
    total = op.log(op.reduce_sum(op.exp(op.sub(x, top)), axes, keepdims=1)) + top
    return total if keepdims else op.squeeze(total, axes)


def softmax(scores: Var) -> Var:
    """Row-wise softmax ``[N, k]``, stabilised by the row's maximum."""
    return op.softmax(scores, axis=1)


def expit(x: Var) -> Var:
    """``1 / (1 + exp(-x))``, accurate to the smallest probability that the dtype holds.

    onnxruntime's own Sigmoid loses all relative accuracy far below 0. From 40 up
    ``e / (1 + e)`` is exactly 1, so the exponential never has to overflow.
    """
    e = op.exp(op.min([x, const(40, dtype_of(x))]))
    return e / (e + const(1, dtype_of(x)))


def two_columns(p: Var) -> Var:
    """``[1 - p, p]`` ``[N, 2]`` from ``p`` ``[N, 1]``."""
    return op.concat([const(1, dtype_of(p)) - p, p], axis=1)


_NARROW = 128
"""Bytes of a row up to which a product is sooner than going through rows and a column row by row: up to five
times on many rows in onnxruntime 1.31, and the same on one."""


def _is_narrow(x: Var) -> bool:
    width = shape_of(x)[-1]
    short = isinstance(width, int) and width * dtype_of(x).itemsize <= _NARROW
    return len(shape_of(x)) == 2 and short and dtype_of(x).kind == "f"


def plus_column(x: Var, column: Var, factor: float = 1.0) -> Var:
    """``x + factor * column`` ``[N, k]`` for a ``column`` ``[N, 1]`` of its dtype and a factor of 1 or -1."""
    if _is_narrow(x):
        units = np.full((1, int(shape_of(x)[1])), factor, dtype_of(x))
        return as_many(op.gemm(column, const(units), x), x)
    return op.add(x, column) if factor == 1.0 else op.sub(x, column)


def repeated(column: Var, x: Var) -> Var:
    """A ``column`` ``[N, 1]`` in the shape that ``x`` ``[N, k]``, of its dtype, is soonest divided by."""
    if not _is_narrow(x):
        return column
    return as_many(op.gemm(column, const(np.ones((1, int(shape_of(x)[1])), dtype_of(x)))), x)


def row_sums(x: Var) -> Var:
    """The sum of each row of ``x`` ``[N, k]`` in the shape that is quickest beside it, ``[N, 1 or k]``."""
    if _is_narrow(x):
        return op.gemm(x, const(np.ones(2 * [int(shape_of(x)[1])], dtype_of(x))))
    return op.reduce_sum(x, const([1]))


def shares(weights: Var) -> Var:
    """Each row of ``weights`` ``[N, k]`` (none negative) divided by its sum; rows of zeros become uniform."""
    total = row_sums(weights)
    empty = op.equal(total, const(0, dtype_of(total)))
    uniform = const(1 / shape_of(weights)[1], dtype_of(weights))
    return op.where(empty, uniform, weights / op.where(empty, const(1, dtype_of(total)), total))


def column(x: Var) -> Var:
    """``[N]`` from ``[N, 1]``."""
    return op.squeeze(x, const([1]))


def as_column(x: Var) -> Var:
    """``[N, 1]`` from ``[N]``; no node where that was squeezed from ``[N, 1]``, one from ``[1, N]``."""
    if x._op.op_type.identifier == "Squeeze":
        source = Var(x._op.inputs.get_var_infos()["data"])
        if shape_of(source)[1:] == (1,):
            return source
        if shape_of(source)[:1] == (1,):
            return as_many(op.reshape(source, const([-1, 1])), x)
    return op.unsqueeze(x, const([1]))


def stacked(columns: Sequence[Var]) -> Var:
    """``[N, k]`` from k columns ``[N]``, in numpy's common dtype."""
    return concat([as_column(x) for x in promote(*columns)], 1)
