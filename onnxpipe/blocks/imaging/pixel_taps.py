"""Images of 8-bit pixels brought to another size as OpenCV does it, bit for bit.

All take uint8 ``[N, H, W, C]`` and int64 scalars, and answer uint8 ``[N, height, width, C]``.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.imaging.resizing import counted, sizes
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, cast, const, op


class Pairs(NamedTuple):
    """Each output's first input of two and the share of the second, float32; ``size`` inputs in all."""

    first: Var
    share: Var
    size: Var


def floor_places(size: Var, target: Var) -> Var:
    """``floor(i / (target / size))``: ``INTER_NEAREST``."""
    found = cast(counted(target), np.float64) * _scale(size, target)
    return op.min([cast(op.floor(found), np.int64), size - const(1)])


def lanczos4(images: Var, height: Var, width: Var) -> Var:
    """Of eight by eight pixels, with weights of 11 binary digits, rounded once: ``INTER_LANCZOS4``."""
    rows, columns = sizes(images)
    lines = _weighed(cast(images, np.int32), _between(columns, width), 2)
    total = _weighed(lines, _between(rows, height), 1)
    within = op.clip(total + _int(1 << 21), _int(0), _int((256 << 22) - 1))
    return cast(op.div(within, _int(1 << 22)), np.uint8)


def _weighed(images: Var, pairs: Pairs, axis: int) -> Var:
    """The weighted sum of the eight pixels around each place along an axis, int32."""
    laid = _column if axis == 2 else _row
    parts = [
        op.mul(op.gather(images, _within(pairs, i - 3), axis=axis), laid(weight))
        for i, weight in enumerate(_lanczos_weights(pairs.share))
    ]
    return reduce(op.add, parts)


def _lanczos_weights(share: Var) -> list[Var]:
    """The weights of eight pixels in 2**-11, in float32 as ``interpolateLanczos4`` has them, one whole pixel
    where the place is one.
    """
    begin = share + const(3.0, np.float32)
    start = cast(op.neg(begin), np.float64) * const(np.pi * 0.25)
    sine, cosine = op.sin(start), op.cos(start)
    raw = []
    for i, (a, b) in enumerate(_TURNS):
        away = begin - const(float(i), np.float32)
        angle = cast(op.neg(away), np.float64) * const(np.pi * 0.25)
        near = op.less(op.abs(away), const(1e-6, np.float32))
        safe = op.where(near, const(1.0), angle)
        made = cast((sine * const(a) + cosine * const(b)) / (safe * safe), np.float32)
        raw.append(op.where(near, const(1e30, np.float32), made))
    total = reduce(op.add, raw)
    # Eigen has a quick inverse that is some ulps off, and divides a lone number by it.
    scale = op.div(op.expand(const([1.0], np.float32), op.shape(total)), total)
    return [cast(op.round(each * scale * const(2048.0, np.float32)), np.int32) for each in raw]


_HALF = float(np.sqrt(0.5))
_TURNS = (
    (1, 0),
    (-_HALF, -_HALF),
    (0, 1),
    (_HALF, -_HALF),
    (-1, 0),
    (_HALF, _HALF),
    (0, -1),
    (-_HALF, _HALF),
)
"""The sine at each of the eight pixels, an eighth of a turn apart, of that and the cosine at the first."""


def linear(images: Var, height: Var, width: Var) -> Var:
    """Between four pixels with weights of 11 binary digits, at exactly half the size their mean.

    ``INTER_LINEAR``.
    """
    rows, columns = sizes(images)
    half = op.and_(op.equal(rows, height + height), op.equal(columns, width + width))

    def between() -> list[Var]:
        across, down = _between(columns, width), _between(rows, height)
        inside = op.and_(
            op.greater_or_equal(across.first, const(0)), op.less(across.first, columns - const(1))
        )
        # Beyond the border, columns count once; rows are blended with themselves.
        share = op.where(inside, across.share, const(0.0, np.float32))
        return [_blended(images, down, Pairs(across.first, share, columns))]

    return op.if_(half, then_branch=lambda: [_mean_of_cells(images, height, width)], else_branch=between)[0]


def area(images: Var, height: Var, width: Var) -> Var:
    """The mean over what a pixel covers; between four pixels where either side grows: ``INTER_AREA``."""
    rows, columns = sizes(images)
    grows = op.or_(op.greater(height, rows), op.greater(width, columns))
    left = op.mod(rows, height) + op.mod(columns, width)
    whole = op.equal(left, const(0))

    def shrunk() -> list[Var]:
        return list(
            op.if_(
                whole,
                then_branch=lambda: [_mean_of_cells(images, height, width)],
                else_branch=lambda: [_covered(images, height, width)],
            )
        )

    def grown() -> list[Var]:
        return [_blended(images, _covering(rows, height), _covering(columns, width))]

    return op.if_(grows, then_branch=grown, else_branch=shrunk)[0]


def _scale(size: Var, target: Var) -> Var:
    """``1 / (target / size)``, no division: onnxruntime makes ``a / b`` of ``a * (1 / b)``, which differs."""
    return op.reciprocal(cast(target, np.float64) / cast(size, np.float64))


def _between(size: Var, target: Var) -> Pairs:
    """``(i + 0.5) * scale - 0.5`` as float32, in whole and part."""
    exact = cast(
        (cast(counted(target), np.float64) + const(0.5)) * _scale(size, target) - const(0.5), np.float32
    )
    return Pairs(cast(op.floor(exact), np.int64), exact - op.floor(exact), size)


def _covering(size: Var, target: Var) -> Pairs:
    """The pixel that holds the start, and the share of it that the next one takes."""
    i = cast(counted(target), np.float64)
    first = op.floor(i * _scale(size, target))
    share = cast(
        i + const(1.0) - (first + const(1.0)) * (cast(target, np.float64) / cast(size, np.float64)),
        np.float32,
    )
    part = op.where(
        op.less_or_equal(share, const(0.0, np.float32)), const(0.0, np.float32), share - op.floor(share)
    )
    return Pairs(cast(first, np.int64), part, size)


def _blended(images: Var, down: Pairs, across: Pairs) -> Var:
    """``resizeLinear``: rows first where it saves work, in whole numbers, so that the order tells nothing."""

    def lines(offset: int) -> Var:
        chosen = op.gather(images, _within(down, offset), axis=1)
        left, right = (cast(op.gather(chosen, _within(across, i), axis=2), np.int32) for i in (0, 1))
        made = left * _column(_share(across, 0)) + right * _column(_share(across, 1))
        return op.mul(op.div(made, _int(16)), _row(_share(down, offset)))

    top, bottom = (op.div(lines(i), _int(1 << 16)) for i in (0, 1))
    return cast(op.clip(op.div(top + bottom + _int(2), _int(4)), _int(0), _int(255)), np.uint8)


def _within(pairs: Pairs, offset: int) -> Var:
    return op.clip(pairs.first + const(offset), const(0), pairs.size - const(1))


def _share(pairs: Pairs, offset: int) -> Var:
    """The weight of one of the two, in 2**-11."""
    share = pairs.share if offset else const(1.0, np.float32) - pairs.share
    return cast(op.round(share * const(2048.0, np.float32)), np.int32)


def _mean_of_cells(images: Var, height: Var, width: Var) -> Var:
    """The rounded mean over cells of equal size: of four, halves go up, of more to the even."""
    rows, columns = sizes(images)
    tall, wide = op.div(rows, height), op.div(columns, width)
    one = const([1])
    ends = [op.shape(images, start=i, end=i + 1) for i in (0, 3)]
    inner = [op.reshape(size, one) for size in (height, tall, width, wide)]
    cells = op.reshape(cast(images, np.int32), op.concat([ends[0], *inner, ends[1]], axis=0))
    total = op.reduce_sum(cells, const([2, 4]), keepdims=0)
    share = op.reciprocal(cast(op.mul(tall, wide), np.float32))
    mean = op.round(cast(total, np.float32) * share)
    four = op.and_(op.equal(tall, const(2)), op.equal(wide, const(2)))
    made = op.where(four, op.div(total + _int(2), _int(4)), cast(mean, np.int32))
    return cast(op.clip(made, _int(0), _int(255)), np.uint8)


def _covered(images: Var, height: Var, width: Var) -> Var:
    """``resizeArea``: along rows, then columns, in float32, summed pixel by pixel from the first on."""
    rows, columns = sizes(images)
    lines = _summed(images, *_shares(columns, width), 2)
    made = op.round(_summed(lines, *_shares(rows, height), 1))
    return cast(op.clip(made, const(0.0, np.float32), const(255.0, np.float32)), np.uint8)


def _shares(size: Var, target: Var) -> tuple[Var, Var]:
    """Inputs ``[taps, target]`` of each output, and their weights: the part covered over all that is."""
    scale = _scale(size, target)
    low = cast(counted(target), np.float64) * scale
    cell = op.min([scale, cast(size, np.float64) - low])
    taps = op.unsqueeze(counted(cast(op.ceil(scale), np.int64) + const(2)), const([1]))
    place = op.floor(low) + cast(taps, np.float64)
    shared = op.min([place + const(1.0), low + cell]) - op.max([place, low])
    least = const(1e-3, np.float64)
    weights = op.where(op.greater(shared, least), shared / cell, const(0.0, np.float64))
    return op.min([cast(place, np.int64), size - const(1)]), cast(weights, np.float32)


def _summed(images: Var, places: Var, weights: Var, axis: int) -> Var:
    shaped = _column if axis == 2 else _row

    def added(total: Var, place: Var, weight: Var) -> Var:
        return total + cast(op.gather(images, place, axis=axis), np.float32) * shaped(weight)

    first = op.gather(places, const(0), axis=0)
    start = op.mul(cast(op.gather(images, first, axis=axis), np.float32), const(0.0, np.float32))
    return fold(start, [places, weights], added)


def _column(x: Var) -> Var:
    return op.reshape(x, const([1, 1, -1, 1]))


def _row(x: Var) -> Var:
    return op.reshape(x, const([1, -1, 1, 1]))


def _int(value: int) -> Var:
    return const(value, np.int32)
