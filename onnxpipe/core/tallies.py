"""Long rows that are mostly 0, such as counted words: matrices of numbers added up at places.

Who computes with such a matrix may as well do so with the numbers alone; then nothing reads it, and it
isn't made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.core.frame import Terms
from onnxpipe.core.ops import Var, batch_size, const, dtype_of, op, shape_of

LONG = 1024
"""Rows of so many elements and fewer are quicker as plain matrices."""


def is_long(width: int) -> bool:
    """Whether rows of so many elements are better known by those that aren't 0."""
    return width > LONG


def tallied(places: Var, values: Var, width: int) -> Var:
    """``values`` ``[N, G]`` added up at their places: ``[N, width]``."""
    return _scattered(places, values, width, "add")


def marked(places: Var, there: Var, width: int) -> Var:
    """bool ``[N, width]``: true at the places of a row, none of them twice, where bool ``there`` is.

    Truths take an eighth of the room of numbers, so such a matrix is sooner made than ``tallied``.
    """
    return _scattered(places, there, width, "none")


def _scattered(places: Var, values: Var, width: int, reduction: str) -> Var:
    sizes = op.concat([batch_size(places), const([width])], axis=0)
    nothing = op.constant_of_shape(sizes, value=np.zeros(1, dtype_of(values)))
    made = op.scatter_elements(nothing, places, values, axis=1, reduction=reduction)
    return op.reshape(made, const([0, width]))  # only to tell the width, which inference can't see


def tally_of(x: Var) -> Terms | None:
    """What a long matrix ``[N, d]`` was ``tallied`` or ``marked`` of, whatever it was cast to; else None."""
    node: Any = x._op
    if node.op_type.identifier == "Cast":
        source = Var(next(iter(node.dependencies)))
        return tally_of(source) if np.can_cast(dtype_of(source), dtype_of(x), "same_kind") else None
    if node.op_type.identifier != "Reshape" or not is_long(static_width(x)):
        return None
    scatter: Any = next(iter(node.dependencies))._op
    if scatter.op_type.identifier != "ScatterElements":
        return None
    zeros, places, values = (Var(each) for each in scatter.dependencies)
    once = dtype_of(values).kind == "b"  # marked, else tallied
    fits = scatter.attrs.reduction.value == ("none" if once else "add")
    return Terms(places, values) if fits and zeros._op.op_type.identifier == "ConstantOfShape" else None


def static_width(x: Var) -> int:
    """How many columns a matrix ``[N, d]`` has; 0 for what is none, or of any width."""
    shape = shape_of(x)
    return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else 0
