"""Linear maps and the link functions on top of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, const, op, promote

Array = NDArray[Any]


def affine(x: Var, coef: Array, intercept: Any) -> Var:
    """``x @ coef.T + intercept`` ``[N, k]`` for ``coef`` ``[k, d]``, in numpy's common dtype."""
    x, weights = promote(x, np.ascontiguousarray(np.asarray(coef).T))
    product = op.matmul(x, weights)
    return product if np.all(np.asarray(intercept) == 0) else product + np.asarray(intercept)


def softmax(scores: Var) -> Var:
    """Row-wise softmax ``[N, k]``, stabilised by the row's maximum."""
    return op.softmax(scores, axis=1)


def two_columns(p: Var) -> Var:
    """``[1 - p, p]`` ``[N, 2]`` from ``p`` ``[N, 1]``."""
    return op.concat([const(1, p.unwrap_tensor().dtype) - p, p], axis=1)


def column(x: Var) -> Var:
    """``[N]`` from ``[N, 1]``."""
    return op.squeeze(x, const([1]))
