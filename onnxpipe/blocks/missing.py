"""Finding and filling missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import numeric
from onnxpipe.core.ops import Var, alike, const, dtype_of, is_string, ml, op, promote

Array = NDArray[Any]


def is_missing(x: Var, marker: Any) -> Var:
    """bool, the shape of ``x``: where it is the marker; NaN marks NaN."""
    if not fillable(x, marker):
        return op.constant_of_shape(op.shape(x), value=np.array([False]))  # nowhere
    if is_string(x):
        return op.equal(x, const(str(marker)))
    return op.equal(*promote(x, marker)) if marker == marker else op.isnan(x)


def filled(x: Var, missing: Var, fill: Array, marker: Any) -> Var:
    """``x`` ``[N, d]`` with ``fill`` ``[d]`` at the marker (where ``missing``), in the dtype of ``x``."""
    dtype = dtype_of(x)
    values = np.asarray(fill).astype(dtype)
    if dtype == np.float32 and marker != marker:  # onnxruntime has no such kernel for float64
        return alike(ml.imputer(x, imputed_value_floats=values.tolist(), replaced_value_float=np.nan), x)
    return op.where(missing, const(values) if is_string(x) else numeric.beside(x, values), x)


def fillable(x: Var, marker: Any) -> bool:
    """Whether the marker can occur in ``x`` at all."""
    if isinstance(marker, str) or is_string(x):
        return isinstance(marker, str) and is_string(x)
    return bool(marker == marker) or dtype_of(x).kind == "f"
