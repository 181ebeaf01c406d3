"""Images ``[N, H, W, C]`` of any type cut, filled up and made grey. Sizes are int64 scalars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onnxpipe.blocks.imaging.resizing import sizes
from onnxpipe.core.ops import Var, cast, const, dtype_of, op

Resize = Callable[[Var, Var, Var], Var]


def shorter_side(images: Var, size: int) -> tuple[Var, Var]:
    """Height and width after the shorter side becomes ``size``: the longer is ``size * long // short``."""
    height, width = sizes(images)
    short = op.min([height, width])
    return op.div(op.mul(height, const(size)), short), op.div(op.mul(width, const(size)), short)


def centred(images: Var, height: int, width: int, *, even: bool) -> Var:
    """The middle ``[N, height, width, C]``, images too small filled up with zeros first.

    It starts at ``(H - height) / 2``, a half going to the even number (torchvision's CenterCrop)
    or, without ``even``, down (Keras' CenterCrop).
    """
    filled = extended(images, height, width, 0)
    rows, columns = sizes(filled)
    starts = [middle(size - const(want), even) for size, want in ((rows, height), (columns, width))]
    first = op.concat([op.reshape(start, const([1])) for start in starts], axis=0)
    return op.slice(filled, first, first + const([height, width]), const([1, 2]))


def middle(spare: Var, even: bool) -> Var:
    """Half of what is to spare; of an odd number the even half or, without ``even``, the lower."""
    low = op.div(spare, const(2))
    return low + op.mul(op.mod(low, const(2)), op.mod(spare, const(2))) if even else low


def extended(images: Var, height: int, width: int, value: int) -> Var:
    """At least ``height`` by ``width``: what lacks is ``value``, half on either side, the odd one behind."""
    rows, columns = sizes(images)
    lacking = [op.max([const(want) - size, const(0)]) for size, want in ((rows, height), (columns, width))]
    before = [op.div(each, const(2)) for each in lacking]
    return _padded(images, before, [each - half for each, half in zip(lacking, before, strict=True)], value)


def cropped_to(images: Var, height: int, width: int) -> Var:
    """The middle of images, as large as can be of the sides' ratio ``height`` to ``width``."""
    pairs = list(zip(sizes(images), _fitted(images, height, width), strict=True))
    sides = [op.max([op.min(pair), const(1)]) for pair in pairs]
    starts = [op.div(size - side, const(2)) for (size, _), side in zip(pairs, sides, strict=True)]
    first, last = (op.concat([op.reshape(x, const([1])) for x in xs], axis=0) for xs in (starts, sides))
    return op.slice(images, first, first + last, const([1, 2]))


def padded_to(images: Var, height: int, width: int, value: float) -> Var:
    """As much of ``value`` on either side as brings the sides to the ratio ``height`` to ``width``."""
    pairs = zip(sizes(images), _fitted(images, height, width), strict=True)
    lacking = [op.div(op.max([side - size, const(0)]), const(2)) for size, side in pairs]
    return _padded(images, lacking, lacking, value)


def _fitted(images: Var, height: int, width: int) -> tuple[Var, Var]:
    """The height that goes with the width of the images, and the width that goes with their height."""
    rows, columns = sizes(images)
    tall, wide = op.mul(columns, const(height)), op.mul(rows, const(width))
    return op.div(tall, const(width)), op.div(wide, const(height))


def letterboxed(images: Var, resize: Resize, size: tuple[int, int], value: int) -> Var:
    """The whole image as large as fits into ``size``, in the middle, the rest ``value``.

    YOLO's letterbox: with ``r = min(height / H, width / W)`` sides become ``round(side * r)``, and
    ``round((want - side) / 2 - 0.1)`` stands before.
    """
    shares = [
        cast(const(want), np.float64) / cast(s, np.float64)
        for s, want in zip(sizes(images), size, strict=True)
    ]
    ratio = op.min(shares)
    inner = [cast(op.round(cast(side, np.float64) * ratio), np.int64) for side in sizes(images)]
    spare = [const(want) - side for side, want in zip(inner, size, strict=True)]
    before = [cast(op.round(cast(each, np.float64) / const(2.0) - const(0.1)), np.int64) for each in spare]
    behind = [each - front for each, front in zip(spare, before, strict=True)]
    return _padded(resize(images, *inner), before, behind, value)


def _padded(images: Var, before: list[Var], behind: list[Var], value: float) -> Var:
    ends = op.concat([op.reshape(each, const([1])) for each in (*before, *behind)], axis=0)
    return op.pad(images, ends, const(value, dtype_of(images)), const([1, 2]))


def grey(images: Var, weights: tuple[int, int, int], bits: int) -> Var:
    """uint8 ``[N, H, W, 1]`` of red, green and blue, by whole weights of 2**-bits, rounded half up."""
    total = op.reduce_sum(op.mul(cast(images, np.int32), const(weights, np.int32)), const([3]))
    half = const(1 << (bits - 1), np.int32)
    return cast(op.div(total + half, const(1 << bits, np.int32)), np.uint8)


def luminance(images: Var, weights: Any) -> Var:
    """float32 ``[N, H, W, 1]``: the weighted sum of the channels."""
    return op.reduce_sum(cast(images, np.float32) * const(weights, np.float32), const([3]))
