"""Numbers as integers in the same order, so that neighbours are one apart. Needs numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def encoded(values: Array) -> Array:
    """Floats as integers in the same order, neighbours one apart; integers as they are (int64)."""
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    wide = np.int64 if values.dtype.itemsize == 8 else np.int32
    bits = values.view(wide).astype(np.int64)
    return np.where(bits < 0, np.iinfo(wide).min - bits, bits)


def decoded(codes: Array, dtype: Any) -> Array:
    """The inverse of ``encoded``."""
    if np.dtype(dtype).kind in "iu":
        return codes.astype(dtype)
    wide = np.int64 if np.dtype(dtype).itemsize == 8 else np.int32
    bits = np.where(codes < 0, np.iinfo(wide).min - codes, codes)
    return np.asarray(bits.astype(wide).view(dtype))
