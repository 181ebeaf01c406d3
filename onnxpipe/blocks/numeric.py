"""Elementwise maths on numeric columns."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from onnxpipe.core.ops import Var, cast, const, dtype_of

Array = NDArray[Any]


def inplace(x: Var, result: Var) -> Var:
    """``result`` in the dtype of ``x``, as numpy's in-place operators round it."""
    return cast(result, dtype_of(x))


def standardise(x: Var, mean: Array | None, scale: Array | None) -> Var:
    """``(x - mean) / scale`` ``[N, d]``, mean and scale rounded to the dtype of ``x``."""
    if mean is not None:
        x = x - const(mean, dtype_of(x))
    return x if scale is None else x / const(scale, dtype_of(x))
