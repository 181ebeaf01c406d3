"""Which of the pipeline's own cells move a stage's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.boundary import Arrive
from onnxpipe.check.rows import Rows, Slot, column, length, take, widened, with_values

Array = NDArray[Any]

_WIDEST = 256


def reaching(arrive: Arrive, base: Rows, cells: Sequence[Slot]) -> Mapping[int, Slot]:
    """For each column of a stage's input the cell that moves it, the most specific where several do.

    Every cell is moved once in two rows; what changes on arrival is what it reaches.
    """
    cells = cells[:_WIDEST]
    if not cells:
        return {}
    probes = min(2, length(base))
    indices = np.repeat(np.arange(probes), len(cells))
    moved = [_moved(column(base, slot), i, slot) for i in range(probes) for slot in cells]
    before = arrive(take(base, np.arange(probes)))
    after = arrive(with_values(base, indices, list(cells) * probes, moved))
    if not before.shape[1] or not after.shape[1]:  # the original refuses them all
        return {}
    changed = _differs(after, np.repeat(before, len(cells), axis=0))
    touched = np.asarray(changed.reshape(probes, len(cells), -1).any(axis=0))
    reach = np.where(touched, touched.sum(axis=1)[:, None], np.iinfo(np.int64).max)
    best = reach.argmin(axis=0)
    return {j: cells[best[j]] for j in range(touched.shape[1]) if touched[best[j], j]}


def _moved(values: Array, row: int, slot: Slot) -> Any:
    """Another value for a cell, one that most stages answer differently to: of texts one they may know."""
    value = values[row]
    if slot.is_text:
        return next((other for other in values if other != value), f"{value}onnxpipe-probe")
    if slot.dtype == "bool":
        return not value
    if values.dtype.kind in "iu":
        moved, limits = int(value) + int(value) // 2 + 1, np.iinfo(values.dtype)
        return moved if limits.min <= moved <= limits.max else 1
    return value * 1.5 + 1 if np.isfinite(value) else 1


def _differs(a: Array, b: Array) -> Array:
    if a.dtype.kind == "O" or b.dtype.kind == "O":
        width = max(a.shape[1], b.shape[1])  # arrays of text are as wide as their longest row
        a, b = widened(a, width), widened(b, width)
        return np.array(
            [[x is not y and x != y for x, y in zip(r, s, strict=True)] for r, s in zip(a, b, strict=True)]
        )
    return np.asarray((a != b) & ~(np.isnan(a.astype(float)) & np.isnan(b.astype(float))))
