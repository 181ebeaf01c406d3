"""Operations between layers: arithmetic on tensors, and calls of ``keras.ops`` that a model recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Call, Value, flat
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_PAIRS: dict[str, Callable[[Var, Var], Var]] = {
    "Add": op.add,
    "Divide": op.div,
    "Matmul": op.matmul,
    "Maximum": lambda a, b: op.max([a, b]),
    "Minimum": lambda a, b: op.min([a, b]),
    "Multiply": op.mul,
    "Power": op.pow,
    "Subtract": op.sub,
    "TrueDivide": op.div,
}
_SINGLES: dict[str, Callable[[Var], Var]] = {
    "Abs": op.abs,
    "Absolute": op.abs,
    "Exp": op.exp,
    "Log": op.log,
    "Negative": op.neg,
    "Relu": op.relu,
    "Sigmoid": op.sigmoid,
    "Sqrt": op.sqrt,
    "Square": lambda x: op.mul(x, x),
    "Tanh": op.tanh,
}


@converts(*(f"keras.ops.{name}" for name in _PAIRS))
def pair(stage: Stage, call: Call) -> Var:
    """Two tensors of single precision, or one and a number."""
    a, b = (_single(stage, each) for each in (call.get(0, "x1"), call.get(1, "x2")))
    return _PAIRS[stage.kind.rpartition(".")[2]](a, b)


@converts(*(f"keras.ops.{name}" for name in _SINGLES))
def single(stage: Stage, call: Call) -> Var:
    return _SINGLES[stage.kind.rpartition(".")[2]](_single(stage, call.first))


def _single(stage: Stage, given: Any) -> Var:
    if isinstance(given, Value) and dtype_of(given.var) == np.float32:
        return given.var
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return const(np.float32(given))
    raise stage.unsupported("computes with other than numbers of single precision")


@converts("keras.ops.Mean", "keras.ops.Sum", "keras.ops.Max", "keras.ops.Min")
def reduced(stage: Stage, call: Call) -> Var:
    """One value per row or per place of the axes that stay."""
    x, axis = _single(stage, call.first), stage.get("axis")
    if axis is None or stage.get("initial") is not None:
        raise stage.unsupported("mixes rows with each other")
    axes = [int(each) % len(shape_of(x)) for each in (axis if isinstance(axis, list) else [axis])]
    if 0 in axes:
        raise stage.unsupported("mixes rows with each other")
    kinds = {"Mean": op.reduce_mean, "Sum": op.reduce_sum, "Max": op.reduce_max, "Min": op.reduce_min}
    reduce = kinds[stage.kind.rpartition(".")[2]]
    return reduce(x, const(axes), keepdims=int(bool(stage.get("keepdims"))))


@converts("keras.ops.Concatenate")
def concatenate(stage: Stage, call: Call) -> Var:
    parts = [_single(stage, each) for each in flat(call.first)]
    return op.concat(parts, axis=int(stage.axis))


@converts("keras.ops.Softmax")
def softmax(stage: Stage, x: Var) -> Var:
    if stage.get("axis", -1) is None:
        raise stage.unsupported("mixes rows with each other")
    return op.softmax(x, axis=int(stage.get("axis", -1)))


@converts("keras.ops.ExpandDims")
def expand_dims(stage: Stage, x: Var) -> Var:
    axis = stage.axis if isinstance(stage.axis, list) else [stage.axis]
    return op.unsqueeze(x, const([int(each) for each in axis]))


@converts("keras.ops.Cast")
def casted(stage: Stage, x: Var) -> Var:
    return cast(x, np.dtype(str(stage.dtype)))
