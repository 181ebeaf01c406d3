"""Arrays of each row's own length, padded on the right to one matrix."""

from __future__ import annotations

import numpy as np

from onnxpipe.core.ops import Var, cast, const, op


def lengths(x: Var) -> Var:
    """int64 ``[N, 1]``: elements of each row of text ``x`` ``[N, L]`` up to the last that isn't empty."""
    size = op.slice(op.shape(x), const([1]), const([2]))
    places = op.range(const(1), op.add(op.squeeze(size), const(1)), const(1))
    held = op.mul(cast(op.not_(op.equal(x, const(""))), np.int64), places)
    # A row of no columns has no largest place; the added 0 stands for it.
    padded = op.pad(held, const([0, 0, 0, 1]))
    return op.reduce_max(padded, const([1]), keepdims=1)
