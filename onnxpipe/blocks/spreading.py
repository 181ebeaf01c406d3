"""Columns repeated side by side, to be compared with several values each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, const, op, shape_of, take_columns

Array = NDArray[Any]

_LONG = 16
"""Values per column from which broadcasting them beats repeating the column."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Columns ``owner`` of a matrix, W of them, in the layout that is cheapest to compute on.

    ``var`` is ``[N, W]`` (or ``[N, 1]`` for a lone column), or ``[N, k, 1]``, which onnxruntime 1.31
    broadcasts without a copy, but with a fixed cost for every column of every row.
    """

    var: Var
    layout: Literal["flat", "cube"]

    def beside(self, values: Array) -> Array:
        """Values ``[W]`` in the shape that broadcasts against ``var``."""
        return values if self.layout == "flat" else values.reshape(shape_of(self.var)[1], -1)

    def flat(self, result: Var) -> Var:
        """What was computed from ``var``, as ``[N, W]``."""
        if self.layout == "flat":
            return result
        _, columns, width = shape_of(result)
        return op.reshape(result, const([0, columns * width]))


def spread(x: Var, owner: Sequence[int] | Array) -> Spread:
    """Column ``owner[w]`` of ``x`` ``[N, k]`` for each w; owners ascend."""
    counts = np.bincount(np.asarray(owner, np.int64))
    if shape_of(x)[1] == 1:
        return Spread(x, "flat")
    if counts.min() == counts.max() >= _LONG and len(counts) == shape_of(x)[1]:
        return Spread(op.unsqueeze(x, const([2])), "cube")
    return Spread(take_columns(x, owner), "flat")
