"""From the heads of detectors to boxes: decoding, and suppression of those that overlap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from onnxpipe.blocks import classes as named
from onnxpipe.components.parameters import Classes, File, Numbers, Size
from onnxpipe.components.post import Array, lines
from onnxpipe.components.registry import component
from onnxpipe.components.resizers import one_of
from onnxpipe.core.ops import Var, concat, const, dtype_of, op, shape_of
from onnxpipe.errors import BadManifest

_FAMILIES = ("v8", "v5", "x")


@component("output0", "output", "predictions", "head")
def yolo_boxes(
    head: Var, *, family: str = "v8", size: Size | None = None, strides: Numbers = (8, 16, 32)
) -> Mapping[str, Var]:
    """``boxes`` ``[N, A, 4]``, two corners in pixels, and ``scores`` ``[N, k, A]`` of a YOLO head.

    ``family=v8``, as Ultralytics exports from version 8 on: ``[N, 4 + k, A]``, centre, size, scores.
    ``v5``, as YOLOv5 and v7: ``[N, A, 5 + k]``, a class's score is that times the fifth number, whether
    there is anything. ``x``, as YOLOX: those of cells of ``strides`` pixels of an image of ``size``,
    centre ``(x + cell) * stride``, size ``exp(x) * stride``.
    """
    one_of("family", family, _FAMILIES)
    if len(shape_of(head)) != 3:
        raise BadManifest(f"it takes a head [N, 4 + k, A] or [N, A, 5 + k], not {head.type}")
    if family == "v8":
        flat = op.transpose(head, perm=[0, 2, 1])
        return {"boxes": _corners(_part(flat, 0, 2), _part(flat, 2, 4)), "scores": _rest(head, 4, 1)}
    centre, extent = _part(head, 0, 2), _part(head, 2, 4)
    if family == "x":
        cells, stride = _grid(size, strides)
        known = shape_of(head)[1]
        if isinstance(known, int) and known != len(cells):
            raise BadManifest(f"the head has {known} cells, and size and strides {len(cells)}")
        dtype = dtype_of(head)
        centre = (centre + const(cells, dtype)) * const(stride, dtype)
        extent = op.exp(extent) * const(stride, dtype)
    scores = op.mul(_rest(head, 5, 2), _part(head, 4, 5))
    return {"boxes": _corners(centre, extent), "scores": op.transpose(scores, perm=[0, 2, 1])}


def _grid(size: Size | None, strides: Numbers) -> tuple[Array, Array]:
    """Column and row of every cell ``[A, 2]``, row by row, the smallest first, and its stride ``[A, 1]``."""
    if size is None:
        raise BadManifest("family=x needs size, that of the image", remedy="Write size=640x640.")
    height, width = size.height, size.height if size.width is None else size.width
    if any(stride < 1 or height % stride or width % stride for stride in strides) or not strides:
        raise BadManifest(f"strides {strides} don't divide {height}x{width}")
    cells, steps = [], []
    for stride in strides:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], 1))
        steps.append(np.full((rows.size, 1), stride))
    return np.concatenate(cells), np.concatenate(steps)


@component("offsets", "boxes", "locations")
def ssd_boxes(offsets: Var, *, anchors: File, centre: float = 0.1, size: float = 0.2) -> Mapping[str, Var]:
    """``boxes`` ``[N, A, 4]`` as x1, y1, x2, y2 of SSD offsets ``[N, A, 4]`` to anchors ``[A, 4]``.

    Anchors are centre x, centre y, width, height, one a line of a text file; centres move by
    ``centre * offset * width``, sizes grow by ``exp(size * offset)`` (Liu et al. 2016; RetinaNet: 1
    and 1). Where all have y before x, as TensorFlow's, so have the boxes.
    """
    if anchors is None:
        raise BadManifest("it needs anchors")
    priors = _anchors(anchors)
    dtype = dtype_of(offsets)
    known = shape_of(offsets)[1]
    if isinstance(known, int) and known != len(priors):
        raise BadManifest(f"{anchors} has {len(priors)} anchors, and there are {known} boxes")
    middle, extent = const(priors[:, :2], dtype), const(priors[:, 2:], dtype)
    moved = middle + _part(offsets, 0, 2) * const(centre, dtype) * extent
    return {"boxes": _corners(moved, extent * op.exp(_part(offsets, 2, 4) * const(size, dtype)))}


def _anchors(file: Path) -> Array:
    """The numbers ``[A, 4]`` of a text file. Raises BadManifest where it holds anything else."""
    try:
        priors = np.loadtxt(file, ndmin=2, delimiter="," if "," in file.read_text("utf-8") else None)
    except (OSError, ValueError) as error:
        raise BadManifest(f"{file} can't be read: {error}") from None
    if priors.shape[1] != 4:
        raise BadManifest(f"{file} has {priors.shape[1]} numbers a line, not 4")
    return priors


@component("boxes")
def nms(
    boxes: Var, scores: Var, *, iou: float = 0.5, score: float = 0.0, top: int = 100,
    classes: Classes = None, file: File = None,
) -> Mapping[str, Var]:  # fmt: skip
    """What is left of ``boxes`` ``[N, A, 4]`` with ``scores`` ``[N, k, A]``, class by class, best first.

    ``image`` and ``class`` int64 ``[M]``, ``kept`` boxes ``[M, 4]`` and their ``confidence``
    ``[M]``: at most ``top`` a class that score above ``score`` and overlap no better one by more
    than ``iou`` (ONNX's NonMaxSuppression). Boxes are two corners. With ``classes``, or ``file`` with
    one a line, ``labels`` ``[M]`` too.
    """
    if dtype_of(boxes) != np.float32 or dtype_of(scores) != np.float32:
        raise BadManifest("it takes float32", remedy="Put cast:to=float32 before it.")
    names = lines(file) if file is not None else classes
    width = shape_of(scores)[1]
    if names is not None and isinstance(width, int) and width != len(names):
        raise BadManifest(f"{len(names)} labels are given for {width} classes")
    chosen = op.non_max_suppression(
        boxes, scores, const([top]), const([iou], np.float32), const([score], np.float32)
    )
    image, label, place = (op.gather(chosen, const(i), axis=1) for i in range(3))
    made = {
        "image": image,
        "class": label,
        "kept": op.gather_nd(boxes, _beside(image, place)),
        "confidence": op.gather_nd(scores, chosen),
    }
    return made if names is None else {**made, "labels": named.label(label, names)}


def _corners(centre: Var, size: Var) -> Var:
    """Two corners ``[N, A, 4]`` of centre and size ``[N, A, 2]``."""
    half = size / const(2.0, dtype_of(size))
    return concat([centre - half, centre + half], axis=2)


def _part(x: Var, start: int, end: int) -> Var:
    """Columns of ``[N, A, d]``."""
    return op.slice(x, const([start]), const([end]), const([2]))


def _rest(x: Var, start: int, axis: int) -> Var:
    return op.slice(x, const([start]), const([np.iinfo(np.int64).max]), const([axis]))


def _beside(*columns: Var) -> Var:
    return op.concat([op.unsqueeze(column, const([1])) for column in columns], axis=1)
