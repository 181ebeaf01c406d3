"""How many values are off by how many steps of their precision: a histogram of errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.ordering import encoded

Array = NDArray[Any]

ULPS = (0, 1, 2, 4, 16, 256, 65536)
"""Upper ends of the columns of a histogram of errors, in steps of the precision; a last one is open."""


def steps(native: Array, graph: Array) -> tuple[int, ...]:
    """How many values are off by how many steps of the coarser precision; () for what is no float."""
    if native.dtype.kind != "f" or graph.dtype.kind != "f":
        return ()
    kind = min(native.dtype, graph.dtype, key=lambda dtype: dtype.itemsize)
    if kind.itemsize < 4:
        return ()
    with np.errstate(all="ignore"):
        a, b = native.astype(kind).ravel(), graph.astype(kind).ravel()
    codes = [np.clip(encoded(np.where(np.isnan(side), 0, side)), -(2**62), 2**62) for side in (a, b)]
    apart = np.abs(codes[0] - codes[1])
    apart[np.isnan(a) != np.isnan(b)] = np.iinfo(np.int64).max
    places = np.searchsorted(ULPS, apart, side="left")
    return tuple(int(n) for n in np.bincount(places, minlength=len(ULPS) + 1))


def added(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Two histograms of steps as one."""
    return tuple(x + y for x, y in zip(a, b, strict=True)) if a and b else tuple(a or b)
