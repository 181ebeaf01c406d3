"""Windows that move over places: convolutions and pools of ``x`` ``[N, C, ...]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, const, dtype_of, op, shape_of

Array = NDArray[Any]
Sizes = Sequence[int]


@dataclass(frozen=True, slots=True)
class Window:
    """How a window of ``size`` moves: in steps, its own places apart by ``spread``.

    ``padding`` is valid, same (as TensorFlow: what is odd goes to the end) or causal (all in front).
    """

    size: Sizes
    steps: Sizes
    spread: Sizes
    padding: str

    @property
    def reach(self) -> list[int]:
        """Places from the first to the last of a window."""
        return [(k - 1) * d + 1 for k, d in zip(self.size, self.spread, strict=True)]

    def placed(self, x: Var) -> dict[str, Any]:
        """ONNX's attributes of padding; by its own name where sizes are open and steps are taken."""
        sizes: Any = shape_of(x)[2:]
        if self.padding == "valid":
            return {"pads": [0] * (2 * len(self.size))}
        if self.padding == "causal":
            return {"pads": [self.reach[0] - 1, 0]}
        if any(not isinstance(n, int) and s > 1 for n, s in zip(sizes, self.steps, strict=True)):
            return {"auto_pad": "SAME_UPPER"}
        total = [_needed(n, s, k) for n, s, k in zip(sizes, self.steps, self.reach, strict=True)]
        low = [each // 2 for each in total]
        return {"pads": [*low, *(t - a for t, a in zip(total, low, strict=True))]}


def _needed(size: Any, step: int, reach: int) -> int:
    """Padding of one axis so that there is an answer per step."""
    if not isinstance(size, int):
        return reach - 1
    return max((-(-size // step) - 1) * step + reach - size, 0)


def convolved(x: Var, kernel: Array, window: Window, groups: int) -> Var:
    """The sums of products with ``kernel`` ``[out, in / groups, ...]``."""
    return op.conv(
        x, const(kernel), dilations=list(window.spread), group=groups,
        kernel_shape=list(window.size), strides=list(window.steps), **window.placed(x),
    )  # fmt: skip


def convolved_back(x: Var, kernel: Array, window: Window, beyond: Sizes) -> Var:
    """What a convolution with ``kernel`` ``[in, out, ...]`` would have been made of.

    Each axis becomes ``n * step + beyond`` long.
    """
    over = [k - s - b for k, s, b in zip(window.reach, window.steps, beyond, strict=True)]
    low = [max(each, 0) // 2 if window.padding == "same" else 0 for each in over]
    high = [each - a for each, a in zip(over, low, strict=True)]
    return op.conv_transpose(
        x, const(kernel), dilations=list(window.spread), kernel_shape=list(window.size),
        strides=list(window.steps), pads=[*low, *(max(each, 0) for each in high)],
        output_padding=[max(-each, 0) for each in high],
    )  # fmt: skip


def highest(x: Var, window: Window) -> Var:
    """The largest value in each window; places beyond the edge don't count."""
    found = op.max_pool(
        x, kernel_shape=list(window.size), strides=list(window.steps), **window.placed(x)
    )  # fmt: skip
    return found[0]


def mean(x: Var, window: Window) -> Var:
    """The mean of each window; places beyond the edge don't count."""
    return op.average_pool(
        x, kernel_shape=list(window.size), strides=list(window.steps), **window.placed(x)
    )  # fmt: skip


def repeated(x: Var, times: Sizes) -> Var:
    """Every place as many times along each axis."""
    scales = const([1, 1, *times], np.float32)
    at = "asymmetric"
    return op.resize(
        x, scales=scales, mode="nearest", coordinate_transformation_mode=at, nearest_mode="floor"
    )


def between(x: Var, times: Sizes) -> Var:
    """As many times the places along each axis, in straight lines between their middles."""
    scales = const([1, 1, *times], np.float32)
    return op.resize(x, scales=scales, mode="linear", coordinate_transformation_mode="half_pixel")


def bordered(x: Var, low: Sizes, high: Sizes) -> Var:
    """Zeros put before and after the places of each axis."""
    return op.pad(x, const([0, 0, *low, 0, 0, *high]), const(0, dtype_of(x)))


def cut(x: Var, low: Sizes, high: Sizes) -> Var:
    """Places taken off the beginning and the end of each axis."""
    axes = list(range(2, 2 + len(low)))
    ends = [-each if each else np.iinfo(np.int64).max for each in high]
    return op.slice(x, const(list(low), np.int64), const(ends, np.int64), const(axes))
