"""Images brought to another size."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import floats
from onnxpipe.adapters.keras.places import last
from onnxpipe.blocks.imaging import framing, resizing
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.layers.Resizing")
def resizing_layer(stage: Stage, x: Var) -> Var:
    """Formula: keras.src.backend.tensorflow.image.resize; whole numbers come back rounded."""
    height, width = int(stage.height), int(stage.width)
    known = resizing.scaled_and_translated(bool(stage.get("antialias")))
    resize = known[str(stage.get("interpolation", "bilinear")).lower()]

    def resized(images: Var) -> Var:
        if stage.get("crop_to_aspect_ratio"):
            images = framing.cropped_to(images, height, width)
        elif stage.get("pad_to_aspect_ratio"):
            images = framing.padded_to(images, height, width, float(stage.get("fill_value") or 0))
        whole = resize is not known["nearest"]
        made = resize(cast(images, np.float32) if whole else images, const(height), const(width))
        return _sized(made, images, height, width)

    return _like(last(stage, x, resized), dtype_of(x))


@converts("keras.layers.CenterCrop")
def center_crop(stage: Stage, x: Var) -> Var:
    """The middle; of an image that is too small, its middle resized. Formula: CenterCrop.transform_images."""
    height, width = int(stage.height), int(stage.width)

    def cropped(images: Var) -> Var:
        known = shape_of(images)[1:3]
        if all(isinstance(size, int) for size in known):
            fits = known[0] >= height and known[1] >= width
            return (_middle if fits else _fitted)(images, height, width)
        rows, columns = resizing.sizes(images)
        large = op.and_(*(op.greater_or_equal(a, const(b)) for a, b in ((rows, height), (columns, width))))
        (made,) = op.if_(
            large,
            then_branch=lambda: [_middle(images, height, width)],
            else_branch=lambda: [_fitted(images, height, width)],
        )
        return made

    return last(stage, cast(x, floats(stage)), lambda x: _sized(cropped(x), x, height, width))


def _middle(images: Var, height: int, width: int) -> Var:
    spare = op.concat([op.reshape(size, const([1])) for size in resizing.sizes(images)], axis=0)
    start = op.div(op.sub(spare, const([height, width])), const(2))
    return op.slice(images, start, start + const([height, width]), const([1, 2]))


def _fitted(images: Var, height: int, width: int) -> Var:
    """Formula: keras.src.utils.image_utils.smart_resize."""
    return resizing.lerped(framing.cropped_to(images, height, width), const(height), const(width))


def _sized(made: Var, images: Var, height: int, width: int) -> Var:
    """Images that are known to have the size that was asked for."""
    sizes = shape_of(images)
    return shaped(made, sizes[0], height, width, sizes[3])


def _like(made: Var, dtype: Any) -> Var:
    """Floats as another type; whole numbers rounded and kept in range."""
    if dtype_of(made) == dtype or dtype.kind == "f":
        return cast(made, dtype)
    info = np.iinfo(dtype)
    return cast(op.clip(op.round(made), const(np.float32(info.min)), const(np.float32(info.max))), dtype)
