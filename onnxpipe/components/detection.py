"""From the heads of detectors to boxes: decoding, and suppression of those that overlap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxpipe.components.parameters import File
from onnxpipe.components.registry import component
from onnxpipe.core.ops import Var, concat, const, dtype_of, op, shape_of
from onnxpipe.errors import BadManifest

_CENTRE, _SIZE = 0.1, 0.2


@component("output0", "predictions", "head")
def yolo_boxes(head: Var) -> Mapping[str, Var]:
    """``boxes`` ``[N, A, 4]``, two corners, and ``scores`` ``[N, k, A]`` of a YOLO head ``[N, 4 + k, A]``.

    The head's first four rows are centre and size in pixels (Ultralytics from version 8 on).
    """
    if len(shape_of(head)) != 3:
        raise BadManifest(f"it takes a head [N, 4 + k, A], not {head.type}")
    centre, size = _rows(head, 0, 2), _rows(head, 2, 4)
    half = size / const(2.0, dtype_of(head))
    corners = op.concat([centre - half, centre + half], axis=1)
    return {"boxes": op.transpose(corners, perm=[0, 2, 1]), "scores": _rows(head, 4, np.iinfo(np.int64).max)}


@component("offsets", "boxes", "locations")
def ssd_boxes(offsets: Var, *, anchors: File) -> Mapping[str, Var]:
    """``boxes`` ``[N, A, 4]`` as x1, y1, x2, y2 of SSD offsets ``[N, A, 4]`` to anchors ``[A, 4]``.

    Anchors are centre x, centre y, width, height, one a line of a text file; centres move by
    ``0.1 * offset * size``, sizes grow by ``exp(0.2 * offset)`` (Liu et al. 2016).
    """
    if anchors is None:
        raise BadManifest("it needs anchors")
    try:
        priors = np.loadtxt(anchors, ndmin=2, delimiter="," if "," in anchors.read_text("utf-8") else None)
    except (OSError, ValueError) as error:
        raise BadManifest(f"{anchors} can't be read: {error}") from None
    if priors.shape[1] != 4:
        raise BadManifest(f"{anchors} has {priors.shape[1]} numbers a line, not 4")
    dtype = dtype_of(offsets)
    centre, size = const(priors[:, :2], dtype), const(priors[:, 2:], dtype)
    moved = centre + op.slice(offsets, const([0]), const([2]), const([2])) * const(_CENTRE, dtype) * size
    grown = size * op.exp(op.slice(offsets, const([2]), const([4]), const([2])) * const(_SIZE, dtype))
    half = grown / const(2.0, dtype)
    return {"boxes": concat([moved - half, moved + half], axis=2)}


@component("boxes")
def nms(
    boxes: Var, scores: Var, *, iou: float = 0.5, score: float = 0.0, top: int = 100
) -> Mapping[str, Var]:
    """What is left of ``boxes`` ``[N, A, 4]`` with ``scores`` ``[N, k, A]``, class by class, best first.

    ``image`` and ``class`` int64 ``[M]``, ``kept`` boxes ``[M, 4]`` and their ``confidence``
    ``[M]``: at most ``top`` a class that score above ``score`` and overlap no better one by more
    than ``iou`` (ONNX's NonMaxSuppression). Boxes are two corners.
    """
    if dtype_of(boxes) != np.float32 or dtype_of(scores) != np.float32:
        raise BadManifest("it takes float32", remedy="Put cast:to=float32 before it.")
    chosen = op.non_max_suppression(
        boxes, scores, const([top]), const([iou], np.float32), const([score], np.float32)
    )
    image, label, place = (op.gather(chosen, const(i), axis=1) for i in range(3))
    return {
        "image": image,
        "class": label,
        "kept": op.gather_nd(boxes, _beside(image, place)),
        "confidence": op.gather_nd(scores, chosen),
    }


def _rows(x: Var, start: int, end: int) -> Var:
    return op.slice(x, const([start]), const([end]), const([1]))


def _beside(*columns: Var) -> Var:
    return op.concat([op.unsqueeze(column, const([1])) for column in columns], axis=1)
