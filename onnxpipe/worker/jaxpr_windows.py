"""Steps of JAX on windows, convolutions and pools, as operators of ONNX."""

from __future__ import annotations

import sys
from typing import Any, Sequence

import numpy as np

main = sys.modules["_onnxpipe_main"]
shapes = main.sibling("jaxpr_shapes")


def convolution(g: Any, e: Any, x: Any, kernel: Any) -> Any:
    """A convolution; a transposed one is one of what is spread out with zeros."""
    told = e.params
    numbers = told["dimension_numbers"]
    if told["batch_group_count"] != 1:
        raise main.NoConverter("JAX's convolution has groups of rows")
    x, kernel = (
        shapes.turned(g, v, list(spec)) for v, spec in ((x, numbers.lhs_spec), (kernel, numbers.rhs_spec))
    )
    sizes = [shapes.shape_of(e)[i] for i in numbers.lhs_spec]
    if any(step != 1 for step in told["lhs_dilation"]):
        x = spread(g, x, sizes, told["lhs_dilation"])
    before, after = zip(*told["padding"]) if told["padding"] else ((), ())
    cut = [min(low, 0) for low in before], [min(high, 0) for high in after]
    if any(cut[0] + cut[1]):
        ends = [high or shapes.END for high in cut[1]]
        axes = range(2, 2 + len(ends))
        x = g.op("Slice", x, shapes.ints(-low for low in cut[0]), shapes.ints(ends), shapes.ints(axes))
    found = g.op(
        "Conv", x, kernel, pads=[max(0, pad) for pad in (*before, *after)],
        strides=list(told["window_strides"]), dilations=list(told["rhs_dilation"]),
        group=told["feature_group_count"],
    )  # fmt: skip
    return shapes.turned(g, found, inverse(numbers.out_spec))


def inverse(order: Sequence[int]) -> Any:
    """The order of axes that takes another one back."""
    return [list(order).index(i) for i in range(len(order))]


def spread(g: Any, x: Any, sizes: Sequence[Any], steps: Sequence[int]) -> Any:
    """``[N, C, ...]`` with zeros between the numbers along each further axis."""
    sizes = list(sizes)
    for axis, step in enumerate(steps, start=2):
        if step == 1:
            continue
        rank = len(sizes)
        x = g.op("Unsqueeze", x, shapes.ints([axis + 1]))
        pads = [0] * (rank + 1) * 2
        pads[rank + 1 + axis + 1] = step - 1
        x = g.op("Pad", x, shapes.ints(pads))
        sizes[axis] = sizes[axis] * step
        x = shapes.reshaped(g, x, sizes)
        sizes[axis] = sizes[axis] - (step - 1)
        x = g.op("Slice", x, shapes.ints([0]), shapes.ints([1 - step]), shapes.ints([axis]))
    return x


def pool(kind: str) -> Any:
    """The translation of the greatest, least or sum of windows."""

    def step(g: Any, e: Any, x: Any) -> Any:
        told, rank = e.params, len(shapes.shape_of(e))
        if any(step != 1 for step in told["base_dilation"]):
            raise main.NoConverter("JAX's pool spreads out what it is given")
        window, strides, padding = told["window_dimensions"], told["window_strides"], told["padding"]
        along = [i for i in range(rank) if window[i] != 1 or strides[i] != 1 or any(padding[i])]
        kept = [i for i in range(rank) if i not in along]
        if not along:
            return x
        x = shapes.turned(g, x, [*kept, *along])
        sizes = [shapes.shape_of(e)[i] for i in along]
        x = shapes.reshaped(g, x, [shapes.times([shapes.shape_of(e)[i] for i in kept]), 1, *sizes])
        pads = [padding[i][0] for i in along] + [padding[i][1] for i in along]
        found = windows(
            g, x, kind, kernel_shape=[window[i] for i in along], strides=[strides[i] for i in along],
            pads=pads, dilations=[told["window_dilation"][i] for i in along],
        )  # fmt: skip
        out = e.outvars[0].aval.shape
        found = shapes.reshaped(g, found, [*(out[i] for i in kept), *(out[i] for i in along)])
        return shapes.turned(g, found, inverse([*kept, *along]))

    return step


def windows(g: Any, x: Any, kind: str, **told: Any) -> Any:
    """Pools of ``[N, 1, ...]``; the sum of a window is its convolution with ones."""
    if kind == "sum":
        ones = np.ones((1, 1, *told["kernel_shape"]), np.float32)
        return g.op("Conv", x, ones, **told)
    x = x if kind == "max" else g.op("Neg", x)
    found = g.op("MaxPool", x, **told)
    blank = g.op("MaxPool", g.cast(g.op("IsNaN", x), np.float32), **told)
    found = g.op(
        "Where", g.op("Greater", blank, np.array(0, np.float32)), np.array(np.nan, np.float32), found
    )
    return found if kind == "max" else g.op("Neg", found)


TABLE = {
    "conv_general_dilated": convolution, "reduce_window_max": pool("max"), "reduce_window_min": pool("min"),
    "reduce_window_sum": pool("sum"),
}  # fmt: skip
