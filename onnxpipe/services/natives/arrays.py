"""Arrays that a worker answered with, as the judge compares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def labels(array: Array) -> Array:
    """Object arrays as what they hold: numbers, or text with the empty string for a missing one; dates
    as counts of their unit.
    """
    if array.dtype.kind in "mM":
        return array.astype(np.int64)
    if array.dtype.kind != "O" or not array.size:
        return array
    kinds = {type(value) for value in array.ravel().tolist()}
    if str in kinds:
        return np.where(np.equal(array, None), "", array).astype(object)  # type: ignore[call-overload]
    if kinds <= {bool}:
        return array.astype(bool)
    return array.astype(np.int64) if kinds <= {int} else array.astype(np.float64)


def with_gaps(found: Array, refused: Sequence[int]) -> Array:
    """The rows with a row of NaN (None among text) put where each refused one was."""
    if not refused:
        return found
    kept = np.setdiff1d(np.arange(len(found) + len(refused)), refused)
    dtype = found.dtype if found.dtype.kind in "fO" else np.float64
    gap = None if dtype == np.dtype(object) else np.nan
    out = np.full((len(found) + len(refused), found.shape[1]), gap, dtype)
    out[kept] = found
    return out
