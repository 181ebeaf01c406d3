"""Kernels of image resampling, and the weights they give every input pixel for every output pixel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.trigonometry import cos, sinc
from onnxpipe.core.ops import Var, cast, const, op

BLOCK = 16
"""Outputs computed together: neighbours read nearly the same inputs, so a block is one dense product."""


class Kernel(NamedTuple):
    """A window function of the distance, in steps of the coarser grid, and how far it reaches.

    ``positive`` is whether it is nowhere below 0, so that no answer leaves the span of its inputs.
    """

    weight: Callable[[Var], Var]
    support: float
    positive: bool = False


class Band(NamedTuple):
    """The weights of a resampling, block by block of outputs.

    ``starts`` int64 ``[blocks]``: the first input that a block reads; ``weights`` ``[blocks, BLOCK, K]``.
    """

    starts: Var
    weights: Var
    positive: bool = False


def box(x: Var) -> Var:
    """1 for ``-0.5 < x <= 0.5``, else 0."""
    half = const(0.5)
    return cast(op.and_(op.greater(x, op.neg(half)), op.less_or_equal(x, half)), np.float64)


def triangle(x: Var) -> Var:
    """``max(1 - |x|, 0)``."""
    return op.relu(const(1.0) - op.abs(x))


def hamming(x: Var) -> Var:
    """``sinc(x) * (0.54 + 0.46 cos(pi x))`` for ``|x| < 1``, its constants rounded to float32, else 0."""
    a, b = (float(np.float32(c)) for c in (0.54, 0.46))
    inside = op.less(op.abs(x), const(1.0))
    return op.where(inside, sinc(x) * (cos(x * const(math.pi)) * const(b) + const(a)), const(0.0))


def cubic(a: float) -> Callable[[Var], Var]:
    """Keys' cubic convolution with slope ``a`` at distance 1."""

    def weight(x: Var) -> Var:
        x = op.abs(x)
        near = (x * const(a + 2) - const(a + 3)) * x * x + const(1.0)
        far = (((x - const(5.0)) * x + const(8.0)) * x - const(4.0)) * const(a)
        zero = const(0.0)
        outer = op.where(op.less(x, const(2.0)), far, zero)
        return op.where(op.less(x, const(1.0)), near, outer)

    return weight


def lanczos(radius: int) -> Callable[[Var], Var]:
    """``sinc(x) * sinc(x / radius)`` within ``radius``, else 0."""

    def weight(x: Var) -> Var:
        inside = op.less(op.abs(x), const(float(radius)))
        return op.where(inside, sinc(x) * sinc(x / const(float(radius))), const(0.0))

    return weight


def gaussian(x: Var) -> Var:
    """``exp(-2 x²)`` within 1.5, else 0."""
    inside = op.less(op.abs(x), const(1.5))
    return op.where(inside, op.exp(x * x * const(-2.0)), const(0.0))


def mitchell(x: Var) -> Var:
    """Mitchell and Netravali's cubic, B = C = 1/3."""
    x = op.abs(x)
    near = (x * const(7 / 6) - const(2.0)) * x * x + const(8 / 9)
    far = ((x * const(-7 / 18) + const(2.0)) * x - const(10 / 3)) * x + const(16 / 9)
    outer = op.where(op.less(x, const(2.0)), far, const(0.0))
    return op.where(op.less(x, const(1.0)), near, outer)


def pieces(x: Var, parts: Sequence[tuple[float, float, float]]) -> Var:
    """``a x² + b x + c`` of the part that ``|x|`` lies in; they end at 0.5, 1.5, 2.5 and so on, then 0."""
    x = op.abs(x)
    made = const(0.0)
    for i, (a, b, c) in reversed(list(enumerate(parts))):
        inside = op.less(x, const(i + 0.5))
        made = op.where(inside, (x * const(a) + const(b)) * x + const(c), made)
    return made


MAGIC = {
    "mks2013": ((-7 / 4, 0.0, 17 / 16), (1.0, -11 / 4, 7 / 4), (-1 / 8, 5 / 8, -25 / 32)),
    "mks2021": (
        (-239 / 144, 0.0, 577 / 576),
        (140 / 144, -379 / 144, 239 / 144),
        (-24 / 144, 113 / 144, -130 / 144),
        (4 / 144, -27 / 144, 45 / 144),
        (-4 / 1152, 36 / 1152, -81 / 1152),
    ),
}
"""The Magic Kernel Sharp of 2013 and of 2021 (https://johncostella.com/magic), as parts of ``pieces``."""


KERNELS: Mapping[str, Kernel] = {
    "box": Kernel(box, 0.5, True),
    "bilinear": Kernel(triangle, 1.0, True),
    "hamming": Kernel(hamming, 1.0, True),
    "bicubic": Kernel(cubic(-0.5), 2.0),
    "lanczos": Kernel(lanczos(3), 3.0),
    "lanczos3": Kernel(lanczos(3), 3.0),
    "lanczos5": Kernel(lanczos(5), 5.0),
    "gaussian": Kernel(gaussian, 1.5),
    "mitchellcubic": Kernel(mitchell, 2.0),
    **{name: Kernel(partial(pieces, parts=parts), len(parts) - 0.5) for name, parts in MAGIC.items()},
}


class Side(NamedTuple):
    """One side of an image: ``size`` pixels become ``target``, and ``wanted`` of them are, from ``first`` on.

    All are int64 scalars.
    """

    size: Var
    target: Var
    first: Var
    wanted: Var


def band(side: Side, kernel: Kernel) -> Band:
    """The weights, float64, by which the pixels of a side are made.

    Pillow's ``precompute_coeffs``: with ``scale = size / target``, ``wide = max(scale, 1)`` and
    ``centre = (i + 0.5) * scale``, input ``j`` weighs ``kernel((j - centre + 0.5) / wide)`` from
    ``int(centre - support + 0.5)`` to before ``int(centre + support + 0.5)``, normalised to sum 1.
    """
    size, target = side.size, side.target
    scale = cast(size, np.float64) / cast(target, np.float64)
    wide = op.max([scale, const(1.0)])
    centre = (cast(_outputs(side), np.float64) + const(0.5)) * scale
    reach = wide * const(kernel.support)
    first = op.max([cast(centre - reach + const(0.5), np.int64), const(0)])
    last = op.min([cast(centre + reach + const(0.5), np.int64), size])
    starts, inputs = _windows(first, last, size)
    inside = op.and_(op.greater_or_equal(inputs, _behind(first)), op.less(inputs, _behind(last)))
    # Not a division: onnxruntime would make one of ``x * (1 / wide)``, which rounds otherwise.
    distance = (cast(inputs, np.float64) - _behind(centre) + const(0.5)) * op.reciprocal(wide)
    # A side that keeps its length is left alone, whatever the kernel is at whole distances.
    resized = op.or_(op.not_(op.equal(size, target)), op.less(op.abs(distance), const(0.5)))
    raw = op.where(op.and_(inside, resized), kernel.weight(distance), const(0.0))
    total = op.reduce_sum(raw, const([2]), keepdims=1)
    return Band(starts, raw / op.where(op.equal(total, const(0.0)), const(1.0), total))


def _outputs(side: Side) -> Var:
    """int64 ``[blocks, BLOCK]``: the outputs in order, the last one again where a block isn't full."""
    blocks = op.div(side.wanted + const(BLOCK - 1), const(BLOCK))
    places = op.range(const(0), op.mul(blocks, const(BLOCK)), const(1))
    return op.reshape(side.first + op.min([places, side.wanted - const(1)]), const([-1, BLOCK]))


def _windows(first: Var, last: Var, size: Var) -> tuple[Var, Var]:
    """The start of each block's window and the inputs ``[blocks, 1, K]`` in it, none past the end."""
    low = op.reduce_min(first, const([1]), keepdims=0)
    high = op.reduce_max(last, const([1]), keepdims=0)
    width = op.reduce_max(high - low, keepdims=0)
    starts = op.min([low, size - width])
    offsets = op.range(const(0), width, const(1))
    return starts, op.unsqueeze(op.unsqueeze(starts, const([1])) + offsets, const([1]))


def _behind(x: Var) -> Var:
    return op.unsqueeze(x, const([2]))
