"""Images ``[N, H, W, C]`` of floating point numbers brought to another size.

Sizes are int64 scalars, known or computed. Pixel ``i`` of ``n`` stands at ``(i + 0.5) * H / n``
unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from onnxpipe.blocks.imaging import resampling
from onnxpipe.blocks.imaging.resampling import KERNELS, Kernel
from onnxpipe.core.ops import Var, cast, const, dtype_of, op

Resize = Callable[[Var, Var, Var], Var]
"""``[N, height, width, C]`` of ``[N, H, W, C]``, height and width int64 scalars."""
Places = Callable[[Var, Var], Var]
"""Where each of ``target`` pixels is taken from among ``size``: int64 ``[target]``."""


def nearest(images: Var, height: Var, width: Var, places: Places) -> Var:
    """Every pixel is one pixel of the original; any type."""
    rows, columns = sizes(images)
    tall = op.gather(images, places(rows, height), axis=1)
    return op.gather(tall, places(columns, width), axis=2)


def single_places(shift: float) -> Places:
    """``floor((i + shift) * size / target)`` in float32: shift 0.5 is TensorFlow's and torch's nearest-exact,
    0 torch's nearest.
    """

    def places(size: Var, target: Var) -> Var:
        scale = direct(size, target)
        found = op.floor((cast(counted(target), np.float32) + const(shift, np.float32)) * scale)
        return op.min([cast(found, np.int64), size - const(1)])

    return places


def linear(images: Var, height: Var, width: Var) -> Var:
    """Between the four pixels around: torch's bilinear."""
    return _between(images, height, width, 0, lambda share: [const(1.0) - share, share])


def lerped(images: Var, height: Var, width: Var) -> Var:
    """The same in TensorFlow's order: ``a + (b - a) * share``, along the columns first, in float32.

    Formula: tensorflow/core/kernels/image/resize_bilinear_op.cc.
    """
    rows, columns = sizes(images)
    for axis, target, size in ((2, width, columns), (1, height, rows)):
        half, top = const(0.5, np.float32), op.sub(size, const(1))
        at = (cast(counted(target), np.float32) + half) * direct(size, target) - half
        low, high = (
            op.max([cast(op.floor(at), np.int64), const(0)]),
            op.min([cast(op.ceil(at), np.int64), top]),
        )
        share = op.reshape(at - op.floor(at), const([1, -1, 1, 1] if axis == 1 else [1, 1, -1, 1]))
        first, second = (op.gather(images, places, axis=axis) for places in (low, high))
        images = first + (second - first) * share
    return images


def cubic(images: Var, height: Var, width: Var) -> Var:
    """Between the sixteen pixels around, the border's standing for those beyond it: torch's bicubic."""
    weight = resampling.cubic(-0.75)
    return _between(
        images, height, width, -1, lambda share: [weight(share - const(float(k))) for k in (-1, 0, 1, 2)]
    )


Scale = Callable[[Var, Var], Var]
"""``size / target`` as float32."""


def direct(size: Var, target: Var) -> Var:
    """The quotient."""
    return cast(size, np.float32) / cast(target, np.float32)


def inverted(size: Var, target: Var) -> Var:
    """One over ``target / size``, rounded twice: TensorFlow's."""
    return op.reciprocal(direct(target, size))


@dataclass(frozen=True, slots=True)
class Spread:
    """How ``smoothed`` weighs: by ``kernel(distance)``, with ``antialias`` in steps of the coarser grid.

    With ``steps`` pixels stand at one of that many places between two others.
    """

    kernel: Kernel
    antialias: bool
    scale: Scale = direct
    steps: int = 0


def smoothed(images: Var, height: Var, width: Var, how: Spread) -> Var:
    """Weights of the distance, normalised: TensorFlow's ``scale_and_translate``, torch's antialias."""

    def weights(size: Var, target: Var) -> Var:
        # In float32 as there: a kernel that jumps shows where a distance is rounded to.
        half = const(0.5, np.float32)
        scale = how.scale(size, target)
        centre = (cast(counted(target), np.float32) + half) * scale
        if how.steps:
            grid = const(how.steps, np.float32)
            centre = op.round((centre - half) * grid) / grid + half
        distance = cast(counted(size), np.float32) + half - op.unsqueeze(centre, const([1]))
        if how.antialias:
            distance = distance * op.reciprocal(op.max([scale, const(1.0, np.float32)]))
        raw = how.kernel.weight(cast(distance, np.float64))
        return raw / op.reduce_sum(raw, const([1]))

    return _weighted(images, height, width, weights)


def covered(images: Var, height: Var, width: Var) -> Var:
    """The mean over what a pixel covers, parts of pixels counted as such: TensorFlow's area."""

    def weights(size: Var, target: Var) -> Var:
        one, scale = const(1.0, np.float32), direct(size, target)
        i, left = (
            op.unsqueeze(cast(counted(n), np.float32), const([1 - k])) for k, n in enumerate((target, size))
        )
        low, high = i * scale, (i + one) * scale
        shared = op.relu(op.min([left + one, high]) - op.max([left, low]))
        within = op.and_(op.less(left, low), op.greater(left + one, high))
        return op.where(within, scale, shared) / scale

    return _weighted(images, height, width, weights)


def pooled(images: Var, height: Var, width: Var) -> Var:
    """The mean over every pixel that a pixel touches: torch's area, ``adaptive_avg_pool2d``."""

    def weights(size: Var, target: Var) -> Var:
        i = op.unsqueeze(counted(target), const([1]))
        start = op.div(op.mul(i, size), target)
        end = op.div(op.mul(i + const(1), size) + target - const(1), target)
        places = counted(size)
        raw = cast(op.and_(op.greater_or_equal(places, start), op.less(places, end)), np.float64)
        return raw / op.reduce_sum(raw, const([1]))

    return _weighted(images, height, width, weights)


def scaled_and_translated(antialias: bool) -> Mapping[str, Resize]:
    """TensorFlow's resizings (``tf.image.resize``) by name."""

    def spread(name: str, **more: Any) -> Resize:
        return partial(smoothed, how=Spread(KERNELS[name], antialias, **more))

    single = partial(nearest, places=single_places(0.5))
    names = ("lanczos3", "lanczos5", "gaussian", "mitchellcubic")
    return {
        "nearest": single,
        "area": covered,
        "bilinear": spread("bilinear", scale=inverted) if antialias else lerped,
        "bicubic": spread("bicubic", scale=inverted) if antialias else spread("bicubic", steps=1024),
        **{name: spread(name, scale=inverted) for name in names},
    }


def sizes(images: Var) -> tuple[Var, Var]:
    """Height and width, int64 scalars."""
    height, width = (op.squeeze(op.shape(images, start=i, end=i + 1)) for i in (1, 2))
    return height, width


def counted(n: Var) -> Var:
    """0 to n - 1, int64."""
    return op.range(const(0), n, const(1))


def _weighted(images: Var, height: Var, width: Var, weights: Callable[[Var, Var], Var]) -> Var:
    """Both axes as products with the weights ``[target, size]``."""
    rows, columns = sizes(images)
    down, across = (cast(weights(*pair), dtype_of(images)) for pair in ((rows, height), (columns, width)))
    # Weights on the right: on the left, no images can't be broadcast against.
    tall = op.matmul(op.transpose(images, perm=[0, 2, 3, 1]), op.transpose(down, perm=[1, 0]))
    made = op.matmul(op.transpose(tall, perm=[0, 3, 2, 1]), op.transpose(across, perm=[1, 0]))
    return op.transpose(made, perm=[0, 1, 3, 2])


def _between(images: Var, height: Var, width: Var, start: int, weights: Callable[[Var], list[Var]]) -> Var:
    """Sums of the pixels from ``start`` places after the one before, by weights of the share of the next.

    Places are computed in the type of the pixels.
    """
    dtype = dtype_of(images)
    for axis, target, size in zip((1, 2), (height, width), sizes(images), strict=True):
        half, scale = const(0.5, dtype), cast(size, dtype) / cast(target, dtype)
        at = (cast(counted(target), dtype) + half) * scale - half
        first = cast(op.floor(at), np.int64) + const(start)
        parts = [
            op.gather(images, op.clip(first + const(k), const(0), size - const(1)), axis=axis)
            * op.reshape(cast(weight, dtype), const([1, -1, 1, 1] if axis == 1 else [1, 1, -1, 1]))
            for k, weight in enumerate(weights(cast(at - op.floor(at), np.float64)))
        ]
        images = op.sum(parts)
    return images
