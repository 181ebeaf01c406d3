"""Numbers to bins: how many edges lie at or below a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.spreading import spread
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote

Array = NDArray[Any]


def bins(x: Var, edges: Sequence[Array]) -> Var:
    """The bin of each value ``[N, d]`` in the dtype of ``x``: how many of its column's edges are at or below.

    Formula: numpy.searchsorted(edges, x, side="right"), compared in the wider of both dtypes.
    """
    width = max(len(column) for column in edges)
    if width == 0:
        return x * const(0, dtype_of(x))
    # Columns with fewer edges get some at infinity, which no finite value reaches.
    padded = np.stack([np.r_[column, np.full(width - len(column), np.inf)] for column in edges])
    reached = op.greater_or_equal(*promote(op.unsqueeze(x, const([2])), padded))
    return op.reduce_sum(cast(reached, dtype_of(x)), const([2]), keepdims=0)


def bin_indicators(x: Var, edges: Sequence[Array]) -> Var:
    """bool ``[N, W]``: for every bin of every column of ``x``, whether the value lies in it (its top not)."""
    owner = np.repeat(np.arange(len(edges)), [len(column) + 1 for column in edges])
    low = np.concatenate([np.r_[-np.inf, column] for column in edges])
    high = np.concatenate([np.r_[column, np.inf] for column in edges])
    wide = spread(promote(x, low)[0], owner)
    above = op.greater_or_equal(wide.var, const(wide.beside(low)))
    return wide.flat(op.and_(above, op.less(wide.var, const(wide.beside(high)))))
