"""Images: from 8-bit pixels to what a network takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.blocks.imaging import encoded_images, framing
from onnxpipe.blocks.imaging.pixels import Window
from onnxpipe.components.parameters import Floats, Size
from onnxpipe.components.recipes import Recipe, filled, layout_of, square
from onnxpipe.components.registry import Noted, Outputs, component
from onnxpipe.components.resizers import WHOLE, Windowed, one_of, resizer
from onnxpipe.core import loops
from onnxpipe.core.ops import Tensor, Var, cast, const, dtype_of, op, shape_of, shaped
from onnxpipe.core.signature import SEQUENCE, Port
from onnxpipe.errors import BadManifest

LARGEST = 89478485
"""Pixels of an image that is decoded, at most: Pillow's ``MAX_IMAGE_PIXELS``."""
_DECODER = "onnxruntime-extensions"
_GREY = {"pillow": ((19595, 38470, 7471), 16), "opencv": ((9798, 19235, 3735), 15)}
_LUMINANCE = {"tensorflow": (0.2989, 0.587, 0.114), "torch": (0.2989, 0.587, 0.114)}


def _raw(given: Mapping[str, Any]) -> Mapping[str, Port]:
    """The image that a graph starts with."""
    pixels = ("H", "W", given.get("channels", 3))
    if given.get("input") == "bytes":
        return {"image": Port("image", "uint8", ("B",))}
    if given.get("input") == "sequence":
        return {"image": Port("image", f"{SEQUENCE}uint8", pixels)}
    return {"image": Port("image", "uint8", ("N", *pixels) if given.get("batch") else pixels)}


@component("pixels", "image", "images", opens=_raw)
def image(image: Var, *, recipe: Recipe) -> Outputs:
    """``pixels`` of uint8 ``image`` ``[H, W, C]`` or ``[N, H, W, C]``: resized, cut, scaled, laid out.

    ``(x / divisor * scale + offset - mean) / std`` in float32, where any of them is given; else
    8-bit pixels stay 8-bit pixels. A preset gives what isn't given. EXIF orientation is the caller's.
    With ``input=bytes`` ``image`` is the bytes ``[B]`` of a JPEG or PNG; what is neither, or broken,
    is refused before the decoder, which dies of it. With ``input=sequence`` it is a sequence of images
    of any sizes, which come out of one size, as a batch. Steps in another order are several components;
    TensorFlow and torch frame the float32 of the one before, too.
    """
    steps = filled(recipe)
    if steps.input == "sequence":
        return _noted(_of_sequence(image, steps), steps)
    if steps.input == "bytes":
        image = _decoded(image, steps)
    _refuse_other(image, steps)
    single = len(shape_of(image)) == 3
    images = op.unsqueeze(image, const([0])) if single else image
    layout = layout_of(steps, single)
    laid = _laid_out(_coloured(images, steps), steps, planar=layout.endswith("chw"))
    laid = laid if layout.startswith("n") else op.squeeze(laid, const([0]))
    return _noted(_numbers(laid, steps, layout) if steps.numeric else laid, steps)


def _refuse_other(image: Var, steps: Recipe) -> None:
    """Raise BadManifest for anything but pixels, or numbers where nothing is done that takes pixels."""
    if dtype_of(image) not in (np.uint8, np.float32) or len(shape_of(image)) not in (3, 4):
        raise BadManifest(f"it takes uint8 [H, W, C] or [N, H, W, C], not {image.type}")
    if dtype_of(image) == np.float32 and steps.library in WHOLE and (steps.resize or steps.color == "gray"):
        raise BadManifest(
            f"{steps.library} takes 8-bit pixels here, not float32",
            remedy="Put numbers after it, or say whose way of numbers it is: library=torch or tensorflow.",
        )


def _noted(pixels: Var, steps: Recipe) -> Noted:
    """The outputs, with what is mirrored for the metadata."""
    mirrors = {"mirrors": str(steps.choice)} if steps.resize else {}
    mirrors |= {"decoder": _DECODER} if steps.input == "bytes" else {}
    return Noted({"pixels": pixels}, **mirrors)


def _of_sequence(images: Var, steps: Recipe) -> Var:
    """Each image of a sequence framed by itself, all stacked, then made numbers together."""
    each = getattr(images.type, "elem_type", None)
    if not isinstance(each, Tensor) or each.dtype != np.uint8 or len(each.shape or ()) != 3:
        raise BadManifest(f"input=sequence takes a sequence of uint8 [H, W, C], not {images.type}")
    if steps.batch:
        raise BadManifest("input=sequence is a batch already", remedy="Leave out batch.")
    layout = layout_of(steps, single=False)

    def framed(image: Var) -> Var:
        made = _laid_out(_coloured(op.unsqueeze(image, const([0])), steps), steps, layout.endswith("chw"))
        if not all(isinstance(size, int) for size in shape_of(made)[1:]):
            raise BadManifest(
                "images of a sequence come out in several sizes, which no batch holds",
                remedy="Give them one: resize=HEIGHTxWIDTH, or resize=SHORTER,crop=SIZE.",
            )
        return op.squeeze(made, const([0]))

    stacked = loops.of_each(framed, images)
    stacked = shaped(stacked, "N", *shape_of(stacked)[1:])
    return _numbers(stacked, steps, layout) if steps.numeric else stacked


def _decoded(data: Var, steps: Recipe) -> Var:
    """The pixels ``[H, W, 3]`` of a JPEG's or PNG's bytes."""
    if dtype_of(data) != np.uint8 or len(shape_of(data)) != 1:
        raise BadManifest(f"input=bytes takes uint8 [B], the bytes of one file, not {data.type}")
    if steps.batch or steps.channels != 3:
        raise BadManifest("input=bytes is one image of 3 channels", remedy="Leave out batch and channels.")
    return shaped(encoded_images.pixels(data, LARGEST), "H", "W", 3)


def _coloured(images: Var, steps: Recipe) -> Var:
    """Red, green and blue in the order asked for, or grey as the library makes it."""
    channels = shape_of(images)[3]
    if steps.color == "rgb" or (steps.color == "gray" and channels == 1):
        return images
    if channels != 3:
        raise BadManifest(f"color={steps.color} takes 3 channels, here are {channels}")
    if steps.color == "bgr":
        return op.gather(images, const([2, 1, 0]), axis=3)
    if steps.library in _GREY:
        return framing.grey(images, *_GREY[steps.library])
    return framing.luminance(images, _LUMINANCE[one_of("library", steps.library, tuple(_LUMINANCE))])


def _framed(images: Var, steps: Recipe) -> Var:
    """Resized, filled up and cut, with the height and width that follow known."""
    n, height, width, channels = shape_of(images)
    if steps.resize:
        images, (height, width) = _resized(images, steps, steps.resize)
        images = shaped(images, n, height, width, channels)
    if steps.pad:
        target = square(steps.pad)
        images = framing.extended(images, *target, steps.fill)
        known = zip((height, width), target, strict=True)
        height, width = (max(a, b) if isinstance(a, int) else None for a, b in known)
        images = shaped(images, n, height, width, channels)
    if steps.crop:
        target = square(steps.crop)
        images = framing.centred(images, *target, even=steps.library != "tensorflow")
        images = shaped(images, n, *target, channels)
    return images


def _cut_out(images: Var, steps: Recipe, planar: bool) -> Var | None:
    """The middle of the resized images where a cut is all that follows, so that no more need be computed."""
    if not steps.resize or not steps.crop or steps.letterbox or steps.pad:
        return None
    size, crop, resize = steps.resize, square(steps.crop), resizer(steps.choice)
    fits = all(want <= side for want, side in zip(crop, square(size), strict=True))
    if not fits or not isinstance(resize, Windowed):
        return None
    height, width = framing.shorter_side(images, size.height) if size.width is None else map(const, size)
    spare = [side - const(want) for side, want in zip((height, width), crop, strict=True)]
    first = [framing.middle(each, even=True) for each in spare]
    made = resize(images, height, width, Window(*first, *map(const, crop)), planar)
    n, channels = (shape_of(images)[i] for i in (0, 3))
    return shaped(made, n, channels, *crop) if planar else shaped(made, n, *crop, channels)


def _resized(images: Var, steps: Recipe, size: Size) -> tuple[Var, tuple[int | None, int | None]]:
    resize = resizer(steps.choice)
    if steps.library not in WHOLE:
        images = cast(images, np.float32)
    if steps.letterbox:
        return framing.letterboxed(images, resize, square(size), steps.fill), square(size)
    if size.width is None:
        return resize(images, *framing.shorter_side(images, size.height)), (None, None)
    return resize(images, const(size.height), const(size.width)), (size.height, size.width)


def _laid_out(images: Var, steps: Recipe, planar: bool) -> Var:
    """Resized and cut, ``[N, C, H, W]`` or ``[N, H, W, C]``, height and width exchanged where asked for.

    Pixels are moved while they are small, and numbers of one channel after the other come quicker.
    """
    turned = steps.axes == "wh"
    cut = _cut_out(images, steps, planar and not turned)
    if cut is not None and planar and not turned:
        return cut
    framed = _framed(images, steps) if cut is None else cut
    perm = {(True, True): [0, 3, 2, 1], (True, False): [0, 3, 1, 2], (False, True): [0, 2, 1, 3]}
    return op.transpose(framed, perm=perm[planar, turned]) if planar or turned else framed


def _numbers(images: Var, steps: Recipe, layout: str) -> Var:
    """``(x / divisor * scale + offset - mean) / std``, in float32, a step only where it does something."""
    x = cast(images, np.float32)
    x = x / const(steps.divisor, np.float32) if steps.divisor != 1.0 else x
    x = x * const(steps.scale, np.float32) if steps.scale != 1.0 else x
    x = x + const(steps.offset, np.float32) if steps.offset else x
    x = x - _by_channel("mean", steps.mean, x, layout) if steps.mean else x
    return x / _by_channel("std", steps.std, x, layout) if steps.std else x


def _by_channel(name: str, values: Floats, x: Var, layout: str) -> Var:
    """A number for each channel, in a shape that goes with ``x``.

    With the channels last it is one for each in a row, where its length is known: onnxruntime is
    slow to repeat three numbers.
    """
    planar = layout.endswith("chw")
    channels = shape_of(x)[-3 if planar else -1]
    if len(values) not in (1, channels):
        raise BadManifest(f"{name} has {len(values)} numbers, and the image {channels} channels")
    each = np.asarray(values, np.float32)
    if planar or len(values) == 1:
        return const(each.reshape(-1, 1, 1) if planar else each)
    width = shape_of(x)[-2]
    return const(np.tile(each, (width, 1)) if isinstance(width, int) else each)
