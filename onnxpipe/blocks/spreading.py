"""Columns repeated side by side, to be compared with several values each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, const, op, shape_of, take_columns

Array = NDArray[Any]

_SMALL = 16
"""Columns up to which one Gather along rows beats turning the matrix twice."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Columns ``owner`` of a matrix, W of them, in the layout that is cheapest to compute on.

    ``var`` is ``[N, W]`` (or ``[N, 1]`` for a lone column), ``[N, k, 1]`` or ``[W, N]``. onnxruntime 1.31
    copies value by value along rows, which for wide results costs more than all the rest, but whole
    rows of a turned matrix at once; and broadcasts a cube without any copy.
    """

    var: Var
    layout: Literal["flat", "cube", "turned"]

    def beside(self, values: Array) -> Array:
        """Values ``[W]`` in the shape that broadcasts against ``var``."""
        if self.layout == "flat":
            return values
        return values.reshape(-1, 1) if self.layout == "turned" else values.reshape(shape_of(self.var)[1], -1)

    def flat(self, result: Var) -> Var:
        """What was computed from ``var``, as ``[N, W]``."""
        if self.layout == "flat":
            return result
        if self.layout == "turned":
            return op.transpose(result, perm=[1, 0])
        _, columns, width = shape_of(result)
        return op.reshape(result, const([0, columns * width]))


def spread(x: Var, owner: Sequence[int] | Array) -> Spread:
    """Column ``owner[w]`` of ``x`` ``[N, k]`` for each w; owners ascend."""
    owner = np.asarray(owner, np.int64)
    counts = np.bincount(owner)
    if shape_of(x)[1] == 1:
        return Spread(x, "flat")
    if counts.min() == counts.max() > 1 and len(counts) == shape_of(x)[1]:
        return Spread(op.unsqueeze(x, const([2])), "cube")
    if len(owner) <= _SMALL:
        return Spread(take_columns(x, owner), "flat")
    return Spread(op.gather(op.transpose(x, perm=[1, 0]), const(owner), axis=0), "turned")
