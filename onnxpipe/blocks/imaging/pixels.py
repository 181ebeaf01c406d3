"""Images of 8-bit pixels resampled in whole numbers, bit for bit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.imaging.resampling import BLOCK, Band, Kernel, Side, band
from onnxpipe.core.loops import mapped
from onnxpipe.core.ops import Var, cast, const, op, shape_of

BITS = 22
"""The binary digits behind the point of a weight."""
DIGITS = 3
"""Weights are written in three digits from -128 to 127, and those as unsigned numbers beside a zero point: of
unsigned numbers products are exact on every processor, where of signed ones AVX2 adds two up in 16 bits."""
_WIDTH = 8
_END = np.iinfo(np.int64).max
_BASE = 2**_WIDTH


class Method(NamedTuple):
    """A kernel, and whether columns may come before rows."""

    kernel: Kernel
    columns_first: bool


class Window(NamedTuple):
    """The part that is wanted of an image: where it begins, and its size, int64 scalars."""

    top: Var
    left: Var
    height: Var
    width: Var


def resampled(
    images: Var, height: Var, width: Var, how: Method, *, window: Window | None = None, planar: bool = False
) -> Var:
    """uint8 ``[N, height, width, C]`` of uint8 ``[N, H, W, C]``, as Pillow's ``Image.resize`` computes it.

    Of a ``window`` of the answer, only that is computed; ``planar`` makes it ``[N, C, height, width]``.

    Two passes of weights rounded to 22 binary digits, each answer rounded to 8 bits. Rows are
    shortened first; with ``columns_first`` (Pillow from 13 on) columns are where ``0 < H - height``
    and ``H - height > 2 * (W - width)``.
    """
    channels = shape_of(images)[3]
    rows, columns = (op.squeeze(op.shape(images, start=i, end=i + 1)) for i in (1, 2))
    shown = window or Window(const(0), const(0), height, width)
    tall = Side(rows, height, shown.top, shown.height)
    wide = Side(columns, width, shown.left, shown.width)
    down, across = (_digits(band(side, how.kernel), how.kernel.positive) for side in (tall, wide))

    def plain() -> list[Var]:
        seen, weights = _narrowed(down) if window else (None, down)
        return [_down(_across(images, across, seen), weights, shown.height)]

    def turned() -> list[Var]:
        start, end, weights = const([0]), op.reshape(columns, const([1])), across
        if window:
            (start, end), weights = _narrowed(across)
        part = op.slice(images, start, end, const([2]))
        n, h, left = (op.shape(part, start=i, end=i + 1) for i in range(3))
        lines = _down(_reshaped(part, n, h, op.mul(left, const(channels))), down, shown.height)
        return [_across(_reshaped(lines, n, shown.height, left, [channels]), weights, None)]

    spared = rows - height
    rule = op.and_(op.greater(spared, const(0)), op.greater(spared, op.mul(columns - width, const(2))))
    lines = op.if_(rule, then_branch=turned, else_branch=plain)[0] if how.columns_first else plain()[0]
    return _pixelwise(lines, shown.width, channels, planar)


def _middle() -> Var:
    """What a digit of 0 is written as."""
    return const(_BASE // 2, np.uint8)


def _digits(weights: Band, positive: bool) -> Band:
    """The weights in 2**-22, as digits from 0 on, the highest first: ``[blocks, DIGITS * BLOCK, K]``."""
    scaled = weights.weights * const(float(2**BITS))
    rounded = op.sign(scaled) * op.floor(op.abs(scaled) + const(0.5))
    shift = sum(_BASE // 2 * _BASE**i for i in range(DIGITS))
    numbers = op.unsqueeze(cast(rounded + const(float(shift)), np.uint32), const([1]))
    places = np.arange(DIGITS, dtype=np.uint32)[::-1].reshape(-1, 1, 1) * np.uint32(_WIDTH)
    digits = op.bitwise_and(_shifted(numbers, const(places)), const(_BASE - 1, np.uint32))
    size = op.shape(weights.weights, start=2, end=3)
    beside = _reshaped(cast(digits, np.uint8), op.shape(weights.starts), [DIGITS * BLOCK], size)
    return Band(weights.starts, beside, positive)


def _narrowed(weights: Band) -> tuple[tuple[Var, Var], Band]:
    """From where to where a side is read, int64 ``[1]`` each, and the weights that read it from there on."""
    first = op.slice(weights.starts, const([0]), const([1]), const([0]))
    last = op.slice(weights.starts, const([-1]), const([_END]), const([0])) + op.shape(
        weights.weights, start=2
    )
    return (first, last), weights._replace(starts=weights.starts - first)


def _windows(weights: Band) -> tuple[Var, Var]:
    """Where each block begins and ends to read, int64 ``[blocks, 1]``."""
    starts = op.unsqueeze(weights.starts, const([1]))
    return starts, starts + op.shape(weights.weights, start=2, end=3)


def _across(images: Var, weights: Band, rows: tuple[Var, Var] | None) -> Var:
    """The pass along all or some rows: ``[N, H, R]`` of ``[N, H, W, C]``, R = channels, blocks, places."""
    limits = rows or (const([0]), op.shape(images, start=1, end=2))
    windows = [_beside(limit, places) for limit, places in zip(limits, _windows(weights), strict=True)]

    def block(start: Var, end: Var, digits: Var) -> Var:
        seen = op.transpose(op.slice(images, start, end, const([1, 2])), perm=[0, 1, 3, 2])
        return _rounded(op.matmul_integer(seen, digits, None, _middle()), 3, weights.positive)

    made = mapped(block, *windows, op.transpose(weights.weights, perm=[0, 2, 1]))
    n, h, channels = (op.shape(made, start=i, end=i + 1) for i in (1, 2, 3))
    width = op.mul(op.mul(op.shape(weights.starts), channels), const([BLOCK]))
    return _reshaped(op.transpose(made, perm=[1, 2, 3, 0, 4]), n, h, width)


def _beside(limit: Var, places: Var) -> Var:
    """``[blocks, 2]``: the limit ``[1]`` before each of the places ``[blocks, 1]``."""
    return op.concat([op.expand(limit, op.shape(places)), places], axis=1)


def _down(lines: Var, weights: Band, height: Var) -> Var:
    """The pass along columns of ``[N, H, R]``: ``[N, height, R]``."""
    n, h, width = (op.shape(lines, start=i, end=i + 1) for i in range(3))
    beside = _reshaped(op.transpose(lines, perm=[1, 0, 2]), h, op.mul(n, width))

    def block(start: Var, end: Var, digits: Var) -> Var:
        seen = op.slice(beside, start, end, const([0]))
        return _rounded(op.matmul_integer(digits, seen, _middle()), 0, weights.positive)

    starts, ends = _windows(weights)
    # No window ends later; but what is read nowhere but in a loop's body is computed there, every time.
    ends = op.min([ends, op.shape(beside, start=0, end=1)])
    made = mapped(block, starts, ends, weights.weights)
    tall = op.mul(op.shape(weights.starts), const([BLOCK]))
    ordered = op.transpose(_reshaped(made, tall, n, width), perm=[1, 0, 2])
    return op.slice(ordered, const([0]), _sizes(height), const([1]))


def _pixelwise(lines: Var, width: Var, channels: int, planar: bool) -> Var:
    """``[N, H, width, C]``, or ``[N, C, H, width]``, of ``[N, H, R]``."""
    n, h, length = (op.shape(lines, start=i, end=i + 1) for i in range(3))
    apart = _reshaped(lines, n, h, [channels], op.div(length, const([channels])))
    ordered = op.transpose(apart, perm=[0, 2, 1, 3] if planar else [0, 1, 3, 2])
    return op.slice(ordered, const([0]), _sizes(width), const([3 if planar else 2]))


def _rounded(digits: Var, axis: int, positive: bool) -> Var:
    """``floor((sum + 2**21) / 2**22)`` within 0 to 255, of sums by digits side by side along an axis.

    Weights that are ``positive`` sum up to 1, but for the rounding of each, so nothing lies beyond.
    """
    total, *lower = op.split(digits, num_outputs=DIGITS, axis=axis)
    for each in lower:
        total = op.mul(total, _int(_BASE)) + each
    within = total + _int(2 ** (BITS - 1))
    if not positive:  # what is beyond black and white first: only numbers from 0 on can be shifted
        within = op.clip(within, _int(0), _int(2 ** (BITS + 8) - 1))
    return cast(_shifted(cast(within, np.uint32), const(BITS, np.uint32)), np.uint8)


def _shifted(x: Var, bits: Var) -> Var:
    """``x >> bits``: onnxruntime divides whole numbers one by one."""
    return op.bit_shift(x, bits, direction="RIGHT")


def _int(value: int) -> Var:
    return const(value, np.int32)


def _reshaped(x: Var, *sizes: Var | list[int]) -> Var:
    """In another shape, where 0 means none."""
    return op.reshape(x, _sizes(*sizes), allowzero=1)


def _sizes(*parts: Var | list[int]) -> Var:
    """A shape, int64 ``[n]``, put together of what is known and what is not."""
    return op.concat(
        [const(p, np.int64) if isinstance(p, list) else op.reshape(p, const([-1])) for p in parts], axis=0
    )


def accumulated_places(size: Var, target: Var) -> Var:
    """``floor(scale / 2 + scale + scale + ...)``, summed one by one: Pillow's nearest, int64 ``[target]``."""
    scale = op.unsqueeze(cast(size, np.float64) / cast(target, np.float64), const([0]))
    steps = op.concat(
        [scale * const(0.5), op.expand(scale, op.unsqueeze(target - const(1), const([0])))], axis=0
    )
    return op.min([cast(op.cumsum(steps, const(0)), np.int64), size - const(1)])
