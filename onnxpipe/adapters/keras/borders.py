"""Layers that cut, pad or repeat the places of a tensor."""

from __future__ import annotations

from onnxpipe.adapters.keras.places import moved, sides, sizes
from onnxpipe.blocks import convolving
from onnxpipe.core.ops import Var, shape_of
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
        raise stage.unsupported(f"interpolates by {how}")
    resized = convolving.repeated if how == "nearest" else convolving.between
    return moved(stage, x, lambda x: resized(x, times))
