"""JAX's scatters, by which numbers are put at places, or added to what is there, as operators of ONNX."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

main = sys.modules["_onnxpipe_main"]
shapes = main.sibling("jaxpr_shapes")
ints = shapes.ints


def scatter(kind: str) -> Any:
    """The translation of whole slices put along one axis. Raises NoConverter for any others."""

    def step(g: Any, e: Any, x: Any, indices: Any, updates: Any) -> Any:
        told, shape, given = e.params["dimension_numbers"], shapes.shape_of(e), shapes.shape_of(e, 2)
        axis = told.scatter_dims_to_operand_dims[0]
        others, window = [i for i in range(len(shape)) if i != axis], list(told.update_window_dims)
        whole = [given[i] for i in window] == [shape[i] for i in others]
        if told.operand_batching_dims or tuple(told.inserted_window_dims) != (axis,) or not whole:
            raise main.NoConverter("JAX scatters along several axes, or parts of slices (%s)" % (told,))
        batch = [i for i in range(len(given)) if i not in window]
        rows = shapes.turned(g, updates, [*batch, *window])
        sizes = [shape[i] for i in others]
        rows = shapes.reshaped(g, rows, [shapes.times([given[i] for i in batch]), *sizes])
        # What lies outside goes to a row behind the last, which is left off in the end.
        first = g.op(
            "Pad", shapes.turned(g, x, [axis, *others]), ints([0] * len(shape) + [1] + [0] * len(others))
        )
        made = g.op("ScatterND", first, places(g, e, indices, shape[axis]), rows, reduction=kind)
        made = g.op("Slice", made, ints([0]), g.size(shape[axis]), ints([0]))
        return shapes.turned(g, made, [[axis, *others].index(i) for i in range(len(shape))])

    return step


def places(g: Any, e: Any, indices: Any, size: Any) -> Any:
    """Where each slice goes, ``[n, 1]``; one that lies outside to the end, or as JAX is told inside."""
    found, end = shapes.reshaped(g, g.cast(indices, np.int64), [-1, 1]), g.size(size)
    if "CLIP" in str(e.params["mode"]):
        return g.op("Max", g.op("Min", found, g.op("Sub", end, ints([1]))), ints([0]))
    outside = g.op("Or", g.op("Less", found, ints([0])), g.op("Greater", found, end))
    return g.op("Where", outside, end, found)


TABLE = {
    "scatter": scatter("none"), "scatter-add": scatter("add"), "scatter-mul": scatter("mul"),
    "scatter-min": scatter("min"), "scatter-max": scatter("max"),
}  # fmt: skip
