"""Numbers as Java writes them, which is how Spark turns them into text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_DOUBLE = re.compile(r"-?(\d+\.\d+(E-?\d+)?|Infinity)|NaN")
_WHOLE = re.compile(r"0|-?[1-9]\d*")


def read(texts: Sequence[str], dtype: Any) -> tuple[Array, Array]:
    """The numbers of a dtype that Java writes as these texts, and the positions of those texts.

    Texts that no number of the dtype is written as are left out: 3.0 is ``3.0``, never ``3``.
    """
    dtype = np.dtype(dtype)
    found = [(i, value) for i, text in enumerate(texts) if (value := _number(text, dtype)) is not None]
    return np.array([value for _, value in found], dtype), np.array([i for i, _ in found], np.int64)


def _number(text: str, dtype: np.dtype[Any]) -> Any:
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(text) if _WHOLE.fullmatch(text) and info.min <= int(text) <= info.max else None
    if not _DOUBLE.fullmatch(text):
        return None
    value = dtype.type(text.replace("Infinity", "inf"))
    # A float is written with fewer digits than the double it widens to.
    return value if dtype.itemsize == 8 or written(value) == text else None


def written(value: Any) -> str:
    """Float.toString and Double.toString: the shortest digits, scientific below 1e-3 and from 1e7 on."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return str(np.format_float_positional(value, trim="0"))
    mantissa, exponent = np.format_float_scientific(value, trim="0").split("e")
    return f"{mantissa}E{int(exponent)}"
