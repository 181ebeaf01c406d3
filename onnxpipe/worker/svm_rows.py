"""Dense rows as LIBSVM and LIBLINEAR take them: (index, value) pairs, zeros left out, ended by -1."""

from __future__ import annotations

import ctypes
from typing import Any, Tuple

import numpy as np

NODE = np.dtype([("index", np.int32), ("value", np.float64)], align=True)
"""``struct svm_node`` and ``struct feature_node``."""


def nodes(row: Any, node: Any, first: int = 1, constant: Any = None) -> Tuple[Any, Any]:
    """A pointer to one row's pairs, and the memory behind it, which has to be kept.

    ``first`` 0 is for kernel values, where zeros stay and a serial number comes first; ``constant``
    is the (index, value) of a column that is the same in every row.
    """
    places = np.flatnonzero(row) if first else np.arange(len(row))
    made = np.zeros(len(places) + (2 if constant else 1), NODE)
    made["index"][: len(places)], made["value"][: len(places)] = places + first, row[places]
    if constant:
        made[len(places)] = constant
    made["index"][-1] = -1
    return made.ctypes.data_as(ctypes.POINTER(node)), made


def pointer(numbers: Any) -> Any:
    """Where a row of doubles is in memory."""
    return numbers.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
