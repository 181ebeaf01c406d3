"""Rows of one size made rows of another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from onnxpipe.core.ops import Var, const, op, shape_of


def reshaped(x: Var, sizes: Sequence[int]) -> Var:
    """``x`` with rows of these sizes, one of which may be -1: right for no rows too."""
    known: Any = shape_of(x)[1:]
    if -1 not in sizes:
        return op.reshape(x, const([0, *sizes], np.int64))
    size = math.prod(abs(each) for each in sizes)
    if all(isinstance(each, int) for each in known):
        return reshaped(x, [math.prod(known) // size if each == -1 else each for each in sizes])
    rest = op.div(op.reduce_prod(op.shape(x, start=1), const([0])), const([size]))
    # A sum, because onnxruntime turns a Concat back into a -1, which no rows don't fit.
    places = const([0, *(int(each == -1) for each in sizes)])
    shape = op.add(const([0, *(max(each, 0) for each in sizes)]), op.mul(rest, places))
    return op.reshape(x, shape)
