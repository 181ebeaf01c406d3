"""Products over what sparse rows hold: where nothing is written, nothing is multiplied.

Dense arithmetic gives the same for finite rows. A NaN or an infinity beside an unwritten 0 would
make a NaN of the sum, which code that walks over written entries never sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, as_many, cast, const, dtype_of, op

Array = NDArray[Any]


def written_products(x: Var, points: Array, written: NDArray[np.bool_]) -> Var:
    """``x @ points.T`` float64 ``[N, m]`` over the ``written`` entries of ``points`` ``[m, d]`` alone.

    Entry by entry, which is slow: for the few rows that need it.
    """
    start = op.expand(const(0.0), op.concat([op.shape(x, start=0, end=1), const([len(points)])], axis=0))
    columns = [const(np.where(written, points, 0.0).T), const(written.T)]

    def step(total: Var, row: Var, column: Var, counts: Var) -> Var:
        return total + op.where(counts, op.unsqueeze(row, const([1])) * column, const(0.0))

    return fold(start, [op.transpose(cast(x, np.float64), perm=[1, 0]), *columns], step)


def unless_finite(x: Var, usual: Var, otherwise: Callable[[Var], Var]) -> Var:
    """``usual`` ``[N, k]``, but ``otherwise(rows)`` for rows of ``x`` ``[N, d]`` that aren't all finite.

    Costs one look at the values where all are.
    """
    odd = op.isnan(op.reduce_sum(x * const(0, dtype_of(x)), const([1]), keepdims=0))

    def mended() -> list[Var]:
        places = op.transpose(op.non_zero(odd), perm=[1, 0])
        return [op.scatter_nd(usual, places, otherwise(op.compress(x, odd, axis=0)))]

    some = op.greater(op.reduce_sum(cast(odd, np.int64), keepdims=0), const(0))
    (result,) = op.if_(some, then_branch=mended, else_branch=lambda: [op.identity(usual)])
    return as_many(result, usual)
