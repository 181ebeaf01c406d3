"""Linear maps and the link functions on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, cast, concat, const, dtype_of, op, promote, shape_of

Array = NDArray[Any]


def affine(x: Var, coef: Array, intercept: Any = 0.0) -> Var:
    """``x @ coef.T + intercept`` in numpy's common dtype.

    ``[N, k]`` for ``coef`` ``[k, d]``, ``[N]`` for ``[d]``.
    """
    coef = np.asarray(coef)
    offset: Any = intercept if np.isscalar(intercept) else np.asarray(intercept)
    x, weights = promote(x, np.ascontiguousarray(np.atleast_2d(coef).T))
    # MatMul with a vector fails on 0 rows in onnxruntime 1.31, Gemm with one column doesn't.
    bias = promote(x, offset)[1]
    if not np.any(offset):
        result = cast(_product(x, weights), dtype_of(bias))
    elif dtype_of(bias) == dtype_of(x):
        result = op.gemm(x, weights, bias)
    else:
        result = op.add(*promote(_product(x, weights), offset))
    return column(result) if coef.ndim == 1 else result


def _product(x: Var, weights: Var) -> Var:
    """``x @ weights``; as Gemm where it can be.

    onnxruntime 1.31 merges a factor beside a MatMul into it as a float32, also where all is float64.
    """
    return op.gemm(x, weights) if len(shape_of(x)) == 2 else op.matmul(x, weights)


def projected(x: Var, mean: Array | None, axes: Array) -> Var:
    """``(x - mean) @ axes`` ``[N, k]`` for ``axes`` ``[d, k]``, centred first."""
    return affine(x if mean is None else x - np.asarray(mean), np.asarray(axes).T)


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


def shares(weights: Var) -> Var:
    """Each row of ``weights`` ``[N, k]`` (none negative) divided by its sum; rows of zeros become uniform."""
    total = op.reduce_sum(weights, const([1]))
    empty = op.equal(total, const(0, dtype_of(total)))
    uniform = const(1 / shape_of(weights)[1], dtype_of(weights))
    return op.where(empty, uniform, weights / op.where(empty, const(1, dtype_of(total)), total))


def column(x: Var) -> Var:
    """``[N]`` from ``[N, 1]``."""
    return op.squeeze(x, const([1]))


def as_column(x: Var) -> Var:
    """``[N, 1]`` from ``[N]``; no node where that was squeezed from ``[N, 1]``."""
    if x._op.op_type.identifier == "Squeeze":
        source = Var(x._op.inputs.get_var_infos()["data"])
        if shape_of(source)[1:] == (1,):
            return source
    return op.unsqueeze(x, const([1]))


def stacked(columns: Sequence[Var]) -> Var:
    """``[N, k]`` from k columns ``[N]``, in numpy's common dtype."""
    return concat([as_column(x) for x in promote(*columns)], 1)
