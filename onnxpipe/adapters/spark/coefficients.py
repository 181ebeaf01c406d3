"""Scores that are linear in the features, with coefficients as they were saved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.values import Sparse
from onnxpipe.blocks import linear
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var, concat, filled, take_columns

Array = NDArray[Any]


def scores(x: Column, coefficients: Array, intercept: Any) -> Var:
    """``x @ coefficients.T + intercept`` ``[N, k]``, for coefficients ``[d]`` or ``[k, d]``.

    Where they were saved sparse, an element without coefficient isn't looked at, so that NaN and
    infinities in it change nothing. Formula: dot and gemv in org/apache/spark/ml/linalg/BLAS.scala.
    """
    rows = np.atleast_2d(coefficients)
    skips = isinstance(coefficients, Sparse) and not np.all(rows)
    if x.terms is not None or not skips:
        return long_vectors.affine(x, np.asarray(rows), intercept, skips=skips)
    offsets = np.broadcast_to(intercept, len(rows))
    pairs = zip(rows, offsets, strict=True)
    return concat([_score(numbers(x), np.asarray(row), float(b)) for row, b in pairs], 1)


def _score(x: Var, row: Array, offset: float) -> Var:
    """The score ``[N, 1]`` of the elements that have a coefficient."""
    (active,) = np.nonzero(row)
    if not len(active):
        return filled(x, np.float64(offset), 1)
    return linear.affine(take_columns(x, active), row[None, active], offset)
