"""Resizes between fixed sizes, with the very weights that TensorFlow has: asked of its own operator.

Every resize but a bicubic with a table is a weighted mean of the pixels around, axis by axis. An
image with a one in one row, and another with NaN there, tell which rows each answer is made of, those
of weight zero included, and with what weights.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, List, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
KINDS = ("ResizeArea", "ResizeBicubic", "ResizeNearestNeighbor", "ScaleAndTranslate")


def resize(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """A resize as gathered rows times their weights, then columns."""
    w = main.sibling("tf2onnx_writing").Writer(ctx, node)
    sizes = (ctx.get_shape(w.inputs[0]) or [-1] * 4)[1:3]
    if min(sizes) <= 0:
        raise ValueError("%s of images of open sizes" % node.type)
    found = w.inputs[0]
    if node.type != "ResizeNearestNeighbor":
        found = w.op("Cast", found, to=1)
    for axis in (1, 2):
        found = along(w, found, axis, taps(w, axis, sizes[axis - 1]))
    w.answer(found)


def taps(w: Any, axis: int, size: int) -> List[Tuple[Any, Any, Any]]:
    """Places, weights and whether they count, ``[M]`` each, of every pixel that goes into an answer."""
    weights, touched = asked(w, axis, size, 1.0), np.isnan(asked(w, axis, size, np.nan))
    found = []
    for turn in range(int(touched.sum(axis=1).max(initial=0))):
        counts = touched.sum(axis=1) > turn
        places = np.array([np.flatnonzero(row)[turn] if ok else 0 for row, ok in zip(touched, counts)], int)
        found.append((places, np.where(counts, weights[np.arange(len(weights)), places], 0), counts))
    return found


def asked(w: Any, axis: int, size: int, value: float) -> Any:
    """``[M, size]``: what TensorFlow answers to images along the axis, each with one value that isn't 0."""
    image = np.zeros((size, size), np.float32)
    np.fill_diagonal(image, value)
    shaped = image.reshape((1, size, 1, size) if axis == 1 else (1, 1, size, size))
    ask = operator(w, axis)
    with ThreadPoolExecutor(1) as beside:  # a thread of its own, because in this one a graph is being built
        return beside.submit(lambda: np.asarray(ask(shaped))).result().reshape(-1, size)


def operator(w: Any, axis: int) -> Any:
    """TensorFlow's own operator with the node's settings, the other axis left at one pixel."""
    import tensorflow as tf

    size = np.array([1, 1], np.int32)
    size[axis - 1] = w.fixed(1)[axis - 1]
    node = w.node
    if node.type == "ScaleAndTranslate":
        scale, shift = np.ones(2, np.float32), np.zeros(2, np.float32)
        scale[axis - 1], shift[axis - 1] = w.fixed(2)[axis - 1], w.fixed(3)[axis - 1]
        kind = node.get_attr_value("kernel_type", b"lanczos3")
        return lambda image: tf.raw_ops.ScaleAndTranslate(
            images=image, size=size, scale=scale, translation=shift,
            kernel_type=kind.decode() if isinstance(kind, bytes) else kind,
            antialias=bool(node.get_attr_value("antialias", 1)),
        )  # fmt: skip
    settings = {"align_corners": bool(node.get_attr_value("align_corners", 0))}
    if node.type != "ResizeArea":
        settings["half_pixel_centers"] = bool(node.get_attr_value("half_pixel_centers", 0))
    return lambda image: getattr(tf.raw_ops, node.type)(images=image, size=size, **settings)


def along(w: Any, image: str, axis: int, found: List[Tuple[Any, Any, Any]]) -> str:
    """The weighted sum of the pixels that go into each answer along an axis, NHWC."""
    if w.node.type == "ResizeNearestNeighbor":
        return str(w.op("Gather", image, w.const(found[0][0].astype(np.int64)), axis=axis))
    total, shape = "", (-1, 1, 1) if axis == 1 else (-1, 1)
    for places, weights, counts in found:
        pixels = w.op("Gather", image, w.const(places.astype(np.int64)), axis=axis)
        part = w.op("Mul", pixels, w.const(weights.astype(np.float32).reshape(shape)))
        if not counts.all():
            part = w.op("Where", w.const(counts.reshape(shape)), part, w.const(np.float32(0)))
        total = w.op("Add", total, part) if total else part
    return total
