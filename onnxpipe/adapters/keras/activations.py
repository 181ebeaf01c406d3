"""Activations: by the names that layers configure, and as layers of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Call, Value, apply
from onnxpipe.adapters.keras.halves import settled
from onnxpipe.adapters.keras.layers import own, record
from onnxpipe.adapters.keras.older import HARD_SIGMOID
from onnxpipe.blocks import linear
from onnxpipe.blocks.networks import activations
from onnxpipe.core.ops import Var, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import converts, missing
from onnxpipe.errors import Unsupported

_NAMED: dict[str, Callable[[Var], Var]] = {
    "celu": lambda x: op.celu(x, alpha=1.0),
    "elu": activations.elu,
    "exponential": op.exp,
    "gelu": activations.gelu,
    "glu": activations.gated,
    "hard_shrink": activations.hard_shrink,
    "hard_sigmoid": activations.hard_sigmoid,
    HARD_SIGMOID: activations.hard_sigmoid_of_fifths,
    "hard_silu": lambda x: op.mul(x, activations.hard_sigmoid(x)),
    "hard_tanh": lambda x: activations.between(x, -1.0, 1.0),
    "leaky_relu": lambda x: activations.leaky_relu(x, 0.2),
    "linear": lambda x: x,
    "log_sigmoid": activations.log_sigmoid,
    "log_softmax": lambda x: op.log_softmax(x, axis=-1),
    "mish": activations.mish,
    "relu": op.relu,
    "relu6": lambda x: activations.between(x, 0.0, 6.0),
    "selu": op.selu,
    "sigmoid": activations.sigmoid,
    "silu": activations.silu,
    "soft_shrink": activations.soft_shrink,
    "softmax": lambda x: op.softmax(x, axis=-1),
    "softplus": op.softplus,
    "softsign": op.softsign,
    "sparse_plus": activations.sparse_plus,
    "sparse_sigmoid": activations.sparse_sigmoid,
    "sparsemax": activations.sparsemax,
    "squareplus": activations.squareplus,
    "tanh": op.tanh,
    "tanh_shrink": activations.tanh_shrink,
}
"""Formulas: keras.src.activations.activations and keras.src.backend.tensorflow.nn; tf_keras's backend."""
_OTHERWISE = {"swish": "silu", "hard_swish": "hard_silu", "log_soft_max": "log_softmax"}

_SINGLE = (
    *("celu", "elu", "gelu", "leaky_relu", "log_sigmoid", "mish", "selu", "softplus", "softsign"),
    "log_softmax",
)
"""Of these onnxruntime (1.31) has no operator for double precision; its last makes -inf of inf, not NaN."""

_JUMP = 1e-4
_BORDERS: dict[str, tuple[float, ...]] = {
    "hard_shrink": tuple(side * 0.5 * (1 + by) for side in (-1, 1) for by in (-_JUMP, _JUMP)),
    "hard_sigmoid": (-3.0, 3.0),
    "hard_silu": (-3.0, 3.0),
    "hard_tanh": (-1.0, 1.0),
    "relu6": (0.0, 6.0),
    "soft_shrink": (-0.5, 0.5),
    "sparse_plus": (-1.0, 1.0),
    "sparse_sigmoid": (-1.0, 1.0),
}
"""Where activations that are cut off begin and end. Beside a jump, so far off that rounding of what comes
before doesn't change sides."""
_FEATURES = 8


def borders(stage: Stage) -> Mapping[str, Mapping[int, Any]]:
    """Where a layer's own activation is cut off, for the first of its features."""
    told = stage.get("activation")
    name = str(told.get("config") if isinstance(told, Mapping) else told)
    values = _BORDERS.get(_OTHERWISE.get(name, name), ())
    return {"activation": dict.fromkeys(range(_FEATURES), values)} if values else {}


def named(stage: Stage, x: Var, field: str = "activation") -> Var:
    """``x`` through the activation that a layer configures. Raises Unsupported for one of the user's."""
    told = stage.get(field)
    if isinstance(told, Mapping) and told.get("class_name") != "function":
        layer = stage.child(field, record(told, stage.saved.inside(field, ""), {}))
        answer: Value = apply(layer, Call((Value(x),)))
        return answer.var
    name = told.get("config") if isinstance(told, Mapping) else told
    name = "linear" if name is None else _OTHERWISE.get(str(name), name)
    if name in _SINGLE and dtype_of(x) == np.float64:
        raise stage.unsupported(f"bends float64 by {name}, which onnxruntime doesn't as TensorFlow does")
    if name not in _NAMED:
        raise Unsupported([missing(stage.child(field, Record(str(name).replace(">", "."), "")))])
    return _NAMED[str(name)](settled(stage, x))


@converts("keras.layers.Activation", within=borders)
def activation(stage: Stage, x: Var) -> Var:
    return named(stage, x)


@converts("keras.layers.ReLU", "keras.activations.ReLU")
def relu(stage: Stage, x: Var) -> Var:
    """Formula: keras.src.activations.activations.ReLU of 3.15; 3.12 makes NaN of -inf at a threshold."""
    ceiling = stage.get("max_value")
    return activations.relu(
        x, float(stage.get("negative_slope") or 0), ceiling, float(stage.get("threshold") or 0)
    )


@converts("keras.layers.LeakyReLU")
def leaky_relu(stage: Stage, x: Var) -> Var:
    return activations.leaky_relu(x, _number(stage.get("negative_slope", stage.get("alpha"))))


@converts("keras.layers.ELU")
def elu(stage: Stage, x: Var) -> Var:
    return activations.elu(x, _number(stage.get("alpha", 1.0)))


@converts("keras.layers.PReLU")
def prelu(stage: Stage, x: Var) -> Var:
    """``relu(x) - weight * relu(-x)``; the operator PRelu makes NaN of infinity in onnxruntime 1.23."""
    return op.sub(op.relu(x), op.mul(const(own(stage)[0], dtype_of(x)), op.relu(op.neg(x))))


@converts("keras.layers.Softmax")
def softmax(stage: Stage, call: Call) -> Var:
    """Steps that a mask leaves out count for nothing. Formula: keras.layers.Softmax.call."""
    value, mask = call.first, call.get(1, "mask")
    x, axes = value.var, stage.get("axis", -1)
    kept = mask.var if isinstance(mask, Value) else value.mask
    if kept is not None:
        x = op.where(kept, x, const(np.float32(-3e4) if dtype_of(x).itemsize < 4 else -1e9, dtype_of(x)))
    y = _softmax(x, axes)
    return y if kept is None else op.where(kept, y, const(0, dtype_of(y)))


def _softmax(x: Var, axes: Any) -> Var:
    if isinstance(axes, int) or len(axes) == 1:
        return op.softmax(x, axis=axes if isinstance(axes, int) else int(axes[0]))
    return op.exp(op.sub(x, linear.log_sum_exp(x, const(axes, np.int64), keepdims=1)))


def _number(told: Any) -> float:
    """A parameter that Keras 2 kept as an array."""
    value = told.get("config", {}).get("value") if isinstance(told, Mapping) else told
    return float(np.ravel(value)[0]) if isinstance(value, (list, np.ndarray)) else float(value)
