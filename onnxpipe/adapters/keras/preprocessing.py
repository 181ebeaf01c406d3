"""Layers that make numbers fit to learn from: scaled, cut into bins, encoded."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Call, Value, floats
from onnxpipe.adapters.keras.layers import own
from onnxpipe.blocks.language.text import counted
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.tallies import tallied


@converts("keras.layers.Rescaling")
def rescaling(stage: Stage, x: Var) -> Var:
    scale, offset = (_told(stage, part) for part in (stage.scale, stage.offset))
    return op.add(op.mul(cast(x, floats(stage)), const(scale)), const(offset))


@converts("keras.layers.Normalization")
def normalization(stage: Stage, x: Var) -> Var:
    """``(x - mean) / max(sqrt(variance), 1e-7)``. Formula: keras.layers.Normalization.call."""
    mean, variance = own(stage)[:2] if stage.get("mean") is None else (stage.mean, stage.variance)
    centre, spread = (_along(stage, x, part) for part in (mean, variance))
    spread = np.maximum(np.sqrt(spread), np.float32(1e-7))
    x = cast(x, floats(stage))
    if stage.get("invert"):
        return op.add(op.mul(x, const(spread)), const(centre))
    return op.div(op.sub(x, const(centre)), const(spread))


def _told(stage: Stage, numbers: Any) -> Any:
    """Numbers of the configuration: TensorFlow's in single precision, cast to what the layer computes in."""
    return np.asarray(numbers, np.float32).astype(floats(stage))


def _along(stage: Stage, x: Var, weight: Any) -> Any:
    """A statistic along the axes that keep their own. Source: Normalization.build."""
    told, rank = stage.get("axis"), len(shape_of(x))
    kept = [] if told is None else [int(a) % rank for a in (told if isinstance(told, list) else [told])]
    values = weight if isinstance(weight, np.ndarray) else _told(stage, weight)
    values = values.astype(floats(stage))
    sizes: Any = [shape_of(x)[axis] if axis in kept else 1 for axis in range(rank)]
    return np.broadcast_to(values.reshape(sizes if values.size > 1 else [1] * rank), sizes)


@converts(
    "keras.layers.Discretization",
    edges=lambda stage: {0: np.asarray(stage.bin_boundaries or (), np.float32)},
)
def discretization(stage: Stage, x: Var) -> Var:
    """In how many bins' ends a value is not below: so NaN is in the last. Formula: TensorFlow's Bucketize."""
    if not stage.get("bin_boundaries"):
        raise stage.unsupported("was never adapted")
    tiny, bounds = np.finfo(np.float32).tiny, np.asarray(stage.bin_boundaries, np.float32)
    x, ends = cast(x, np.float32), const(bounds)
    if (np.abs(bounds) < tiny).any():  # TensorFlow's kernels take what is below for 0
        x = op.where(op.less(op.abs(x), const(tiny)), const(np.float32(0)), x)
    # Axes count from the front: onnxruntime reduces no rows wrongly along others.
    last = const([len(shape_of(x))])
    past = op.not_(op.less(op.unsqueeze(x, last), ends))
    bins = op.reduce_sum(cast(past, np.int32), last, keepdims=0)
    return encoded(stage, bins, len(stage.bin_boundaries) + 1)


def encoded(stage: Stage, index: Var, depth: int, dtype: Any = np.float32, mode: str = "") -> Var:
    """Whole numbers as the layer puts them out, in ``dtype``; those from ``depth`` on count for nothing.

    Formula: keras.src.utils.numerical_utils.encode_categorical_inputs.
    """
    mode, sizes = mode or str(stage.output_mode), shape_of(index)
    if mode == "int":
        return index if dtype is np.float32 else cast(index, dtype)
    if stage.get("sparse"):
        raise stage.unsupported("encodes to sparse tensors")
    if mode == "one_hot":
        wide = index if sizes[-1] == 1 and len(sizes) > 1 else op.unsqueeze(index, const([len(sizes)]))
        return cast(op.equal(wide, const(np.arange(depth), dtype_of(index))), dtype)
    if mode not in ("multi_hot", "count"):
        raise stage.unsupported(f"encodes by {mode}")
    if len(sizes) != 2:
        raise stage.unsupported("counts in tensors of other than two axes")
    known = op.less(index, const(depth, dtype_of(index)))
    counts = counted(cast(op.where(known, index, const(-1, dtype_of(index))), np.int64), depth, dtype)
    return counts if mode == "count" else op.min([counts, const(1, dtype)])


@converts("keras.layers.CategoryEncoding", edges=lambda stage: {0: [0, int(stage.num_tokens)]})
def category_encoding(stage: Stage, call: Call) -> Var:
    """Flags or counts, each count weighed where weights come along. Formula: CategoryEncoding.call."""
    depth, weights = int(stage.num_tokens), call.get(1, "count_weights")
    index = cast(call.first.var, np.int32)
    if stage.output_mode != "one_hot":  # TensorFlow counts none below 0, and passes over those past the end
        index = refuse(stage.context, index, op.less(index, const(0, np.int32)))
    if not isinstance(weights, Value):
        return encoded(stage, index, depth)
    if stage.output_mode != "count" or len(shape_of(index)) != 2:
        raise stage.unsupported("weighs what it doesn't count, or tensors of other than two axes")
    known = op.less(index, const(depth, np.int32))
    weighed = op.where(known, cast(weights.var, np.float32), const(np.float32(0)))
    return tallied(cast(op.where(known, index, const(0, np.int32)), np.int64), weighed, depth)
