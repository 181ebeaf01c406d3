"""Contrast of images, by channel: stretched, and evened out tile by tile."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.places import last
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]

_FULL = (0.0, 255.0)
_LEVELS = 256


@converts("keras.layers.AutoContrast")
def auto_contrast(stage: Stage, x: Var) -> Var:
    """Each channel stretched from its lowest to its highest pixel; what is NaN then, as it was.

    Formula: AutoContrast.transform_images.
    """
    if dtype_of(x).kind != "f":
        raise stage.unsupported("takes images of whole numbers, which it makes floats of")
    given = _own_range(stage)
    images = _ranged(x, given, _FULL)
    low, high = (reduce(images, const([1, 2])) for reduce in (op.reduce_min, op.reduce_max))
    scale = op.div(const(np.float32(255)), op.sub(high, low))
    stretched = op.add(op.mul(images, scale), op.mul(op.neg(low), scale))
    made = _ranged(op.clip(stretched, const(np.float32(0)), const(np.float32(255))), _FULL, given)
    return op.where(op.isnan(made), x, made)


def _own_range(stage: Stage) -> tuple[float, ...]:
    return tuple(float(each) for each in stage.value_range)


def _ranged(x: Var, source: tuple[float, ...], target: tuple[float, ...]) -> Var:
    """Formula: BaseImagePreprocessingLayer._transform_value_range."""
    if source == target:
        return x
    (a, b), (c, d) = ([const(np.float32(each)) for each in ends] for ends in (source, target))
    share = op.div(op.sub(x, a), op.sub(b, a))
    return op.add(op.mul(share, op.sub(d, c)), c)


class Tiles(NamedTuple):
    """How an image is cut: a ``grid`` of tiles of ``size`` pixels down and across."""

    grid: tuple[int, int]
    size: tuple[int, int]

    @property
    def pixels(self) -> int:
        return self.size[0] * self.size[1]

    def mirrored(self, axis: int, length: int) -> Array:
        """The places along an axis, as many from its end again as its last tile lacks."""
        lacking = self.grid[axis] * self.size[axis] - length
        return np.pad(np.arange(length), (0, lacking), mode="symmetric")

    def between(self, axis: int, length: int) -> tuple[Array, Array, Array]:
        """For each place along an axis the tiles around it, perhaps beyond the edge, and how far on."""
        size = np.float32(self.size[axis])
        place = (np.arange(length, dtype=np.float32) - size / 2) / size + np.float32(1)
        before = np.floor(place)
        most = self.grid[axis] + 1
        ends = [np.clip(each, 0, most).astype(np.int64) for each in (before, before + 1)]
        return ends[0], ends[1], place - before


@converts("keras.layers.ContrastLimitedAdaptiveHistogramEqualization")
def adaptive_equalization(stage: Stage, x: Var) -> Var:
    """Each pixel's share of the darker ones in the tiles around it. Formula: its ``_clahe``."""
    if dtype_of(x).kind != "f":
        raise stage.unsupported("takes images of whole numbers, which it cuts its answers to")
    given = _own_range(stage)

    def equalized(images: Var) -> Var:
        made = _equalized(stage, _ranged(images, given, _FULL))
        return _ranged(made, _FULL, given)

    return last(stage, x, equalized)


def _equalized(stage: Stage, images: Var) -> Var:
    batch, height, width, channels = shape_of(images)
    if not isinstance(height, int) or not isinstance(width, int):
        raise stage.unsupported("takes images of open sizes")
    down, across = (int(each) for each in stage.tile_grid_size)
    tiles = Tiles((down, across), (-(-height // down), -(-width // across)))
    lacking = [c * s - n for c, s, n in zip(tiles.grid, tiles.size, (height, width), strict=True)]
    if lacking[0] > height or lacking[1] > width:
        raise stage.unsupported(f"cuts images of {height} x {width} pixels into {down} x {across} tiles")
    levels = cast(images, np.int32)
    for axis, length in enumerate((height, width)):
        if lacking[axis]:
            levels = op.gather(levels, const(tiles.mirrored(axis, length)), axis=axis + 1)
    levels = cast(op.clip(levels, const(np.int32(0)), const(np.int32(_LEVELS - 1))), np.int64)
    shares = _bordered(_shares(_limited(_counted(levels, tiles, channels), tiles, stage), tiles))
    own = op.slice(levels, const([0, 0]), const([height, width]), const([1, 2]))
    return shaped(_looked_up(shares, own, tiles), batch, height, width, channels)


def _counted(levels: Var, tiles: Tiles, channels: int) -> Var:
    """How many pixels of a tile have each level: ``[N, down, across, C, 256]``."""
    (down, across), (high, wide) = tiles.grid, tiles.size
    tile = np.arange(down).repeat(high)[:, None] * across + np.arange(across).repeat(wide)
    home = (tile[..., None] * channels + np.arange(channels)) * _LEVELS
    flat = op.flatten(op.add(levels, const(home)), axis=1)
    width = down * across * channels * _LEVELS
    blank = op.expand(const(np.float32(0)), op.concat([op.shape(flat, end=1), const([width])], axis=0))
    ones = op.expand(const(np.float32(1)), op.shape(flat))
    counts = op.scatter_elements(blank, flat, ones, axis=1, reduction="add")
    return op.reshape(counts, const([0, down, across, channels, _LEVELS]))


def _limited(counts: Var, tiles: Tiles, stage: Stage) -> Var:
    """What is over the limit spread over all levels alike."""
    most = float(stage.clip_limit)
    if most <= 0:
        return counts
    limit = const(np.float32(most * tiles.pixels / _LEVELS))
    kept = op.min([counts, limit])
    excess = op.reduce_sum(op.sub(counts, kept), const([4]))
    return op.add(kept, op.div(excess, const(np.float32(_LEVELS))))


def _shares(counts: Var, tiles: Tiles) -> Var:
    """Up to each level, from 0 to 255."""
    up_to = op.cumsum(counts, const(4))
    least = op.reduce_min(up_to, const([4]))
    rest = op.sub(const(np.float32(tiles.pixels)), least)
    whole = op.where(op.equal(rest, const(np.float32(0))), const(np.float32(1)), rest)
    share = op.div(op.mul(op.sub(up_to, least), const(np.float32(255))), whole)
    return op.clip(share, const(np.float32(0)), const(np.float32(255)))


def _bordered(shares: Var) -> Var:
    """The outermost tiles once more around the grid."""
    return op.pad(shares, const([0, 1, 1, 0, 0, 0, 1, 1, 0, 0]), mode="edge")


def _looked_up(shares: Var, levels: Var, tiles: Tiles) -> Var:
    """Between the shares that the four tiles around a pixel have at its level."""
    _, height, width, channels = shape_of(levels)
    (top, bottom, down), (left, right, along) = (tiles.between(i, n) for i, n in enumerate((height, width)))
    across = tiles.grid[1] + 2
    flat = op.flatten(shares, axis=1)

    def at(row: Array, column: Array) -> Var:
        tile = row[:, None] * across + column
        place = (tile[..., None] * channels + np.arange(channels)) * _LEVELS
        index = op.flatten(op.add(levels, const(place)), axis=1)
        return op.reshape(op.gather_elements(flat, index, axis=1), op.shape(levels))

    upper, lower = (_mixed(at(row, left), at(row, right), along[:, None]) for row in (top, bottom))
    return _mixed(upper, lower, down[:, None, None])


def _mixed(a: Var, b: Var, share: Array) -> Var:
    """``share`` of the way from ``a`` to ``b``."""
    return op.add(op.mul(a, const(np.float32(1) - share)), op.mul(b, const(share)))
