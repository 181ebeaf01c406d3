"""Steps of JAX that rearrange, pick out or multiply matrices, as operators of ONNX."""

from __future__ import annotations

import sys
from typing import Any, List, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]

END = np.iinfo(np.int64).max


def ints(values: Sequence[Any]) -> Any:
    return np.array(list(values), np.int64)


def shape_of(equation: Any, place: int = 0) -> Any:
    return equation.invars[place].aval.shape


def reshaped(g: Any, x: Any, shape: Sequence[Any]) -> Any:
    """A value in another shape, in which 0 is a size like any other."""
    return g.op("Reshape", x, g.sizes(shape), allowzero=1)


def turned(g: Any, x: Any, order: Sequence[int]) -> Any:
    """A value with its axes in another order."""
    return x if list(order) == list(range(len(order))) else g.op("Transpose", x, perm=list(order))


def broadcast(g: Any, e: Any, x: Any, *_: Any) -> Any:
    shape, places = e.params["shape"], e.params["broadcast_dimensions"]
    added = [axis for axis in range(len(shape)) if axis not in places]
    given = shape_of(e)
    x = g.op("Unsqueeze", x, ints(added)) if added else x
    widened = [size for axis, size in enumerate(shape) if axis in added]
    same = all(given[i] == shape[axis] for i, axis in enumerate(places))
    return x if same and all(_is_one(size) for size in widened) else g.op("Expand", x, g.sizes(shape))


def _is_one(size: Any) -> bool:
    return isinstance(size, int) and size == 1


def reshape(g: Any, e: Any, x: Any, *_: Any) -> Any:
    return reshaped(g, x, e.params["new_sizes"])


def squeeze(g: Any, e: Any, x: Any) -> Any:
    return g.op("Squeeze", x, ints(e.params["dimensions"]))


def transpose(g: Any, e: Any, x: Any) -> Any:
    return turned(g, x, e.params["permutation"])


def concatenate(g: Any, e: Any, *given: Any) -> Any:
    return g.op("Concat", *given, axis=e.params["dimension"])


def stack(g: Any, e: Any, *given: Any) -> Any:
    axis = e.params["axis"]
    return g.op("Concat", *(g.op("Unsqueeze", each, ints([axis])) for each in given), axis=axis)


def tile(g: Any, e: Any, x: Any) -> Any:
    return g.op("Tile", x, g.sizes(e.params["reps"]))


def split(g: Any, e: Any, x: Any) -> List[Any]:
    sizes = e.params["sizes"]
    found: List[Any] = g.ops("Split", len(sizes), x, ints(sizes), axis=e.params["axis"])
    return found


def sliced(g: Any, e: Any, x: Any) -> Any:
    starts, ends = g.sizes(e.params["start_indices"]), g.sizes(e.params["limit_indices"])
    rank = len(shape_of(e))
    return g.op("Slice", x, starts, ends, ints(range(rank)), ints(e.params["strides"] or [1] * rank))


def reverse(g: Any, e: Any, x: Any) -> Any:
    axes = e.params["dimensions"]
    back = [-1] * len(axes)
    return g.op("Slice", x, ints(back), ints([-END] * len(axes)), ints(axes), ints(back))


def pad(g: Any, e: Any, x: Any, value: Any) -> Any:
    """Padding in front and behind; below zero it takes away. Raises NoConverter for padding in between."""
    config = e.params["padding_config"]
    if any(inner for _, _, inner in config):
        raise main.NoConverter("JAX's pad puts something between the numbers")
    before, after = [max(low, 0) for low, _, _ in config], [max(high, 0) for _, high, _ in config]
    if any(before + after):
        x = g.op("Pad", x, ints(before + after), value)
    cut = [(-min(low, 0), min(high, 0) or END) for low, high, _ in config]
    if any(start or end != END for start, end in cut):
        starts, ends = zip(*cut)
        x = g.op("Slice", x, ints(starts), ints(ends), ints(range(len(cut))))
    return x


def iota(g: Any, e: Any, *_: Any) -> Any:
    shape, axis = e.params["shape"], e.params["dimension"]
    count = g.op("Squeeze", g.size(shape[axis]), ints([0]))
    numbers = g.cast(g.op("Range", np.array(0, np.int64), count, np.array(1, np.int64)), e.params["dtype"])
    rest = [i for i in range(len(shape)) if i != axis]
    return g.op("Expand", g.op("Unsqueeze", numbers, ints(rest)) if rest else numbers, g.sizes(shape))


def size_as_value(g: Any, e: Any, *_: Any) -> Any:
    return g.cast(g.op("Squeeze", g.size(e.params["dim"]), ints([0])), e.outvars[0].aval.dtype)


def product(g: Any, e: Any, x: Any, y: Any) -> Any:
    """A product along contracted axes, batch by batch."""
    (left, right), (left_batch, right_batch) = e.params["dimension_numbers"]
    a, b = shape_of(e), shape_of(e, 1)
    left_free = [i for i in range(len(a)) if i not in (*left, *left_batch)]
    right_free = [i for i in range(len(b)) if i not in (*right, *right_batch)]
    x = turned(g, x, [*left_batch, *left_free, *left])
    y = turned(g, y, [*right_batch, *right, *right_free])
    batch = [a[i] for i in left_batch]
    wide = e.outvars[0].aval.dtype
    x, y = (each if e.invars[i].aval.dtype == wide else g.cast(each, wide) for i, each in enumerate((x, y)))
    many, single = [a[i] for i in left_free], not left_batch and len(left) == 1 and len(right_free) == 1
    if single or (len(left) == 1 and len(left_free) == 1 and len(right_free) == 1):
        return g.op("MatMul", x, y)
    rows, columns = times(many), times([b[i] for i in right_free])
    inner = times([a[i] for i in left])
    found = g.op("MatMul", reshaped(g, x, [*batch, rows, inner]), reshaped(g, y, [*batch, inner, columns]))
    return reshaped(g, found, [*batch, *many, *(b[i] for i in right_free)])


def times(sizes: Sequence[Any]) -> Any:
    """The product of sizes, 1 of none."""
    found = 1  # type: Any
    for size in sizes:
        found = found * size
    return found


def ordered(g: Any, x: Any, count: Any, axis: int, dtype: Any, largest: bool) -> Any:
    """The places of as many numbers in order; equal ones in theirs, and NaN counts as above all others."""
    if np.dtype(dtype).kind != "f":
        return g.ops("TopK", 2, x, count, axis=axis, largest=int(largest))[1]
    blank, end = g.op("IsNaN", x), np.array(-np.inf if largest else np.inf, dtype)
    total = g.op("Shape", x, start=axis, end=axis + 1)
    _, first = g.ops("TopK", 2, g.op("Where", blank, end, x), total, axis=axis, largest=int(largest))
    moved = g.op("GatherElements", g.cast(blank, np.float32), first, axis=axis)
    _, second = g.ops("TopK", 2, moved, count, axis=axis, largest=int(largest))
    return g.op("GatherElements", first, second, axis=axis)


def sort(g: Any, e: Any, *given: Any) -> List[Any]:
    """Arrays in the order of the first. Raises NoConverter where several tell the order."""
    axis = e.params["dimension"]
    if e.params["num_keys"] != 1:
        raise main.NoConverter("JAX sorts by several keys")
    places = ordered(g, given[0], g.size(shape_of(e)[axis]), axis, e.invars[0].aval.dtype, False)
    return [g.op("GatherElements", each, places, axis=axis) for each in given]


def top(g: Any, e: Any, x: Any) -> List[Any]:
    """The greatest along an axis, and their places."""
    axis = e.params.get("axis", -1) % len(shape_of(e))
    places = ordered(g, x, ints([e.params["k"]]), axis, e.invars[0].aval.dtype, True)
    return [g.op("GatherElements", x, places, axis=axis), g.cast(places, e.outvars[1].aval.dtype)]


def dynamic_slice(g: Any, e: Any, x: Any, *starts: Any) -> Any:
    """A slice from places that are computed, moved so that it lies inside."""
    sizes, shape = g.sizes(e.params["slice_sizes"]), g.sizes(shape_of(e))
    placed = [g.op("Unsqueeze", g.cast(start, np.int64), ints([0])) for start in starts[: len(shape_of(e))]]
    first = g.op("Max", g.op("Min", g.op("Concat", *placed, axis=0), g.op("Sub", shape, sizes)), ints([0]))
    return g.op("Slice", x, first, g.op("Add", first, sizes), ints(range(len(placed))))


TABLE = {
    "broadcast_in_dim": broadcast, "reshape": reshape, "squeeze": squeeze, "transpose": transpose,
    "concatenate": concatenate, "stack": stack, "tile": tile,
    "split": split, "slice": sliced, "rev": reverse, "pad": pad, "iota": iota,
    "dim_as_value": size_as_value, "dot_general": product, "sort": sort, "top_k": top,
    "dynamic_slice": dynamic_slice,
}  # fmt: skip
