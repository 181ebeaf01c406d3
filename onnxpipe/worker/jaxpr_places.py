"""JAX's gather, which numbers and slices are picked with, as operators of ONNX."""

from __future__ import annotations

import sys
from typing import Any, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]
shapes = main.sibling("jaxpr_shapes")
ints = shapes.ints


def gather(g: Any, e: Any, x: Any, indices: Any) -> Any:
    """What lies at places that are computed. Raises NoConverter for several axes at once, place by place."""
    told, batch = e.params["dimension_numbers"], len(shapes.shape_of(e, 1)) - 1
    if told.operand_batching_dims:
        return beside(g, e, x, indices)
    if not batch:
        return one(g, e, x, indices)
    if len(told.start_index_map) == 1 and all(_whole(e, i) for i in _others(e)):
        return along(g, e, x, indices)
    raise main.NoConverter("JAX gathers along several axes at once (%s)" % (told,))


def _others(e: Any) -> Sequence[int]:
    (axis,) = e.params["dimension_numbers"].start_index_map
    return [i for i in range(len(shapes.shape_of(e))) if i != axis]


def _whole(e: Any, axis: int) -> bool:
    return bool(e.params["slice_sizes"][axis] == shapes.shape_of(e)[axis])


def one(g: Any, e: Any, x: Any, indices: Any) -> Any:
    """A single slice, moved so that it lies inside."""
    told, sizes = e.params["dimension_numbers"], e.params["slice_sizes"]
    axes, shape = list(told.start_index_map), shapes.shape_of(e)
    length, most = g.sizes([sizes[i] for i in axes]), g.sizes([shape[i] for i in axes])
    start = g.cast(indices, np.int64)
    inside = g.op("Max", g.op("Min", start, g.op("Sub", most, length)), ints([0] * len(axes)))
    found = g.op("Slice", x, inside, g.op("Add", inside, length), ints(axes))
    for axis in set(range(len(shape))) - set(axes):
        if not _whole(e, axis):
            found = g.op("Slice", found, ints([0]), g.sizes([sizes[axis]]), ints([axis]))
    if told.collapsed_slice_dims:
        found = g.op("Squeeze", found, ints(told.collapsed_slice_dims))
    if not fills(e) or not isinstance(indices, str):
        return found
    there = g.op("ReduceMin", g.cast(g.op("Equal", start, inside), np.int32), keepdims=0)
    return g.op("Where", g.cast(there, bool), found, filling(e))


def along(g: Any, e: Any, x: Any, indices: Any) -> Any:
    """Slices along one axis, or single places there."""
    told = e.params["dimension_numbers"]
    (axis,), length = told.start_index_map, e.params["slice_sizes"][told.start_index_map[0]]
    places = g.op("Squeeze", g.cast(indices, np.int64), ints([-1]))
    inside = limited(g, places, shapes.shape_of(e)[axis], length)
    spots, rank = len(shapes.shape_of(e, 1)) - 1, len(e.outvars[0].aval.shape)
    picked, own = inside, []  # the axes of the answer that come of the places
    batch = [i for i in range(rank) if i not in told.offset_dims]
    offsets = list(told.offset_dims)
    if axis not in told.collapsed_slice_dims:
        picked = g.op("Add", g.op("Unsqueeze", inside, ints([-1])), ints(range(length)))
        own = [offsets[axis]]
    found = g.op("Gather", x, picked, axis=axis)
    # Gather puts the places where the axis was; JAX says which axes of the answer are the slice's.
    made = [*offsets[:axis], *batch, *own, *offsets[axis + len(own) :]]
    found = shapes.turned(g, found, [made.index(i) for i in range(rank)])
    if not fills(e):
        return found
    missing, other = g.op("Not", g.op("Equal", places, inside)), [i for i in range(rank) if i not in batch]
    missing = g.op("Unsqueeze", missing, ints(other)) if spots and other else missing
    return g.op("Where", missing, filling(e), found)


def beside(g: Any, e: Any, x: Any, indices: Any) -> Any:
    """A place along one axis for each of the others (``take_along_axis``). Raises NoConverter for else."""
    told, rank = e.params["dimension_numbers"], len(shapes.shape_of(e))
    axis = told.start_index_map[0]
    rest = tuple(i for i in range(rank) if i != axis)
    alike = tuple(told.operand_batching_dims) == rest == tuple(told.start_indices_batching_dims)
    if not alike or tuple(told.collapsed_slice_dims) != (axis,) or len(shapes.shape_of(e, 1)) != rank + 1:
        raise main.NoConverter("JAX gathers row by row along several axes (%s)" % (told,))
    places = g.op("Squeeze", g.cast(indices, np.int64), ints([-1]))
    inside = limited(g, places, shapes.shape_of(e)[axis], 1)
    found = g.op("GatherElements", x, inside, axis=axis)
    return g.op("Where", g.op("Equal", places, inside), found, filling(e)) if fills(e) else found


def limited(g: Any, places: Any, size: Any, length: int) -> Any:
    """Places moved so that a slice of a length from there lies inside a size."""
    last = g.op("Squeeze", g.op("Sub", g.size(size), ints([length])), ints([0]))
    return g.op("Max", g.op("Min", places, last), np.array(0, np.int64))


def fills(e: Any) -> bool:
    """Whether something stands in for what isn't there."""
    return "FILL" in str(e.params["mode"])


def filling(e: Any) -> Any:
    """What stands in for it."""
    dtype, told = np.dtype(e.outvars[0].aval.dtype), e.params["fill_value"]
    usual = np.nan if dtype.kind == "f" else np.iinfo(dtype).min if dtype.kind == "i" else 1
    return np.array(usual if told is None else told, dtype)


TABLE = {"gather": gather}
