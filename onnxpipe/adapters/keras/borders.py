"""Layers that cut, pad or repeat the places of a tensor."""

from __future__ import annotations

from onnxpipe.adapters.keras.places import last, moved, sides, sizes
from onnxpipe.blocks.imaging import resizing
from onnxpipe.blocks.networks import convolving
from onnxpipe.core.ops import Var, const, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.layers.ZeroPadding1D", "keras.layers.ZeroPadding2D", "keras.layers.ZeroPadding3D")
def zero_padding(stage: Stage, x: Var) -> Var:
    low, high = sides(stage.padding, len(shape_of(x)) - 2)
    return moved(stage, x, lambda x: convolving.bordered(x, low, high))


@converts("keras.layers.Cropping1D", "keras.layers.Cropping2D", "keras.layers.Cropping3D")
def cropping(stage: Stage, x: Var) -> Var:
    low, high = sides(stage.cropping, len(shape_of(x)) - 2)
    return moved(stage, x, lambda x: convolving.cut(x, low, high))


@converts("keras.layers.UpSampling1D", "keras.layers.UpSampling2D", "keras.layers.UpSampling3D")
def up_sampling(stage: Stage, x: Var) -> Var:
    times, how = sizes(stage.size, len(shape_of(x)) - 2), stage.get("interpolation", "nearest")
    if how not in ("nearest", "bilinear"):
        return last(stage, x, lambda x: _stretched(x, times, resizing.scaled_and_translated(False)[str(how)]))
    resized = convolving.repeated if how == "nearest" else convolving.between
    return moved(stage, x, lambda x: resized(x, times))


def _stretched(x: Var, times: list[int], resize: resizing.Resize) -> Var:
    sides = (op.mul(side, const(n)) for side, n in zip(resizing.sizes(x), times, strict=True))
    known = (
        side * n if isinstance(side, int) else None for side, n in zip(shape_of(x)[1:3], times, strict=True)
    )
    return shaped(resize(x, *sides), shape_of(x)[0], *known, shape_of(x)[3])
