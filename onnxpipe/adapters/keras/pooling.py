"""Pools of windows and of whole tensors."""

from __future__ import annotations

from collections.abc import Callable

from onnxpipe.adapters.keras.calls import Value
from onnxpipe.adapters.keras.convolutional import window
from onnxpipe.adapters.keras.operands import size_of
from onnxpipe.adapters.keras.places import first, moved, sizes
from onnxpipe.blocks import numeric
from onnxpipe.blocks.networks import convolving
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.layers.MaxPooling1D", "keras.layers.MaxPooling2D", "keras.layers.MaxPooling3D")
def max_pooling(stage: Stage, x: Var) -> Var:
    moves = window(stage, stage.pool_size, len(shape_of(x)) - 2)
    return moved(stage, x, lambda x: convolving.highest(x, moves))


@converts("keras.layers.AveragePooling1D", "keras.layers.AveragePooling2D", "keras.layers.AveragePooling3D")
def average_pooling(stage: Stage, x: Var) -> Var:
    """Places that padding adds don't count, as TensorFlow has it."""
    moves = window(stage, stage.pool_size, len(shape_of(x)) - 2)
    return moved(stage, x, lambda x: convolving.mean(x, moves))


def _places(stage: Stage, x: Var) -> list[int]:
    """The axes that are neither batch nor channels."""
    rank = len(shape_of(x))
    return list(range(2, rank) if stage.get("data_format") == "channels_first" else range(1, rank - 1))


@converts(
    "keras.layers.GlobalMaxPooling1D", "keras.layers.GlobalMaxPooling2D", "keras.layers.GlobalMaxPooling3D"
)
def global_max_pooling(stage: Stage, x: Var) -> Var:
    return numeric.greatest(x, const(_places(stage, x)), int(bool(stage.get("keepdims"))))


@converts(
    "keras.layers.GlobalAveragePooling1D",
    "keras.layers.GlobalAveragePooling2D",
    "keras.layers.GlobalAveragePooling3D",
)
def global_average_pooling(stage: Stage, x: Value) -> Value:
    """The mean of the steps that a mask counts. Formula: GlobalAveragePooling1D.call."""
    axes, keep = const(_places(stage, x.var)), int(bool(stage.get("keepdims")))
    if x.mask is None and not keep and len(shape_of(x.var)) > 3:
        # Over the last axes, so that onnxruntime has no use for a convolution's answer turned round.
        ends = const(list(range(2, len(shape_of(x.var)))))
        return Value(op.reduce_mean(first(stage, x.var), ends, keepdims=0))
    if x.mask is None or not stage.kind.endswith("1D"):
        return Value(op.reduce_mean(x.var, axes, keepdims=keep))
    weights = op.unsqueeze(cast(x.mask, dtype_of(x.var)), const([1 if _places(stage, x.var) == [2] else 2]))
    total = op.reduce_sum(op.mul(x.var, weights), axes, keepdims=keep)
    return Value(op.div(total, op.reduce_sum(weights, axes, keepdims=keep)))


@converts(*(f"keras.layers.AdaptiveAveragePooling{n}D" for n in (1, 2, 3)))
def adaptive_average_pooling(stage: Stage, x: Var) -> Var:
    return moved(stage, x, lambda x: _adapted(stage, x, op.reduce_mean))


@converts(*(f"keras.layers.AdaptiveMaxPooling{n}D" for n in (1, 2, 3)))
def adaptive_max_pooling(stage: Stage, x: Var) -> Var:
    return moved(stage, x, lambda x: _adapted(stage, x, op.reduce_max))


def _adapted(stage: Stage, x: Var, reduce: Callable[..., Var]) -> Var:
    """Each axis of ``x`` ``[N, C, ...]`` in as many windows as told; they overlap where none divide it.

    Formula: keras.src.backend.tensorflow.nn, adaptive_average_pool.
    """
    rank = len(shape_of(x)) - 2
    for axis, count in enumerate(sizes(stage.output_size, rank), 2):
        length = size_of(stage, x, axis)
        bounds = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
        parts = [op.slice(x, const([a]), const([b]), const([axis])) for a, b in bounds]
        x = op.concat([reduce(part, const([axis])) for part in parts], axis=axis)
    return x
