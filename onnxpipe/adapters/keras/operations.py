"""Operations between layers, number by number: arithmetic, comparisons, functions of ``keras.ops``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Call
from onnxpipe.adapters.keras.operands import operand, operands
from onnxpipe.blocks import elementwise
from onnxpipe.blocks.networks import activations
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Pair = Callable[[Var, Var], Var]
Single = Callable[[Var], Var]


def _doubled(function: Single) -> Single:
    """A function computed in float64, where float32 would lose digits."""
    return lambda x: cast(function(cast(x, np.float64)), dtype_of(x))


def _like(x: Var, value: float) -> Var:
    return const(value, dtype_of(x))


def _floored(a: Var, b: Var) -> Var:
    """The largest whole number up to a quotient."""
    if dtype_of(a).kind == "f":
        return op.floor(op.div(a, b))
    return op.div(op.sub(a, op.mod(a, b)), b)


def _remainder(a: Var, b: Var) -> Var:
    """What is left, with the sign of ``b``."""
    if dtype_of(a).kind != "f":
        return op.mod(a, b)
    left, zero = op.mod(a, b, fmod=1), _like(a, 0)
    other = op.xor(op.less(left, zero), op.less(b, zero))
    return op.where(op.and_(other, op.not_(op.equal(left, zero))), op.add(left, b), left)


def _safe_quotient(a: Var, b: Var) -> Var:
    none = op.equal(b, _like(b, 0))
    return op.where(none, _like(a, 0), op.div(a, op.where(none, _like(b, 1), b)))


def _log_sum(a: Var, b: Var) -> Var:
    """``log(exp(a) + exp(b))``."""
    return op.add(op.max([a, b]), op.softplus(op.neg(op.abs(op.sub(a, b)))))


_PAIRS: dict[str, Pair] = {
    "Add": op.add,
    "FloorDivide": _floored,
    "Maximum": lambda a, b: op.max([a, b]),
    "Minimum": lambda a, b: op.min([a, b]),
    "Mod": _remainder,
    "Multiply": op.mul,
    "Power": op.pow,
    "Subtract": op.sub,
}
_FLOAT_PAIRS: dict[str, Pair] = {
    "Divide": op.div,
    "DivideNoNan": _safe_quotient,
    "Hypot": lambda a, b: op.sqrt(op.add(op.mul(a, a), op.mul(b, b))),
    "Logaddexp": _log_sum,
    "TrueDivide": op.div,
}
_COMPARISONS: dict[str, Pair] = {
    "Equal": op.equal,
    "Greater": op.greater,
    "GreaterEqual": op.greater_or_equal,
    "Less": op.less,
    "LessEqual": op.less_or_equal,
    "NotEqual": lambda a, b: op.not_(op.equal(a, b)),
}
_LOGICAL: dict[str, Pair] = {"LogicalAnd": op.and_, "LogicalOr": op.or_, "LogicalXor": op.xor}
_SINGLES: dict[str, Single] = {
    "Abs": op.abs,
    "Absolute": op.abs,
    "Negative": op.neg,
    "Sign": op.sign,
    "Square": lambda x: op.mul(x, x),
}
_FLOAT_SINGLES: dict[str, Single] = {
    "Arccos": op.acos,
    "Arccosh": op.acosh,
    "Arcsin": op.asin,
    "Arcsinh": op.asinh,
    "Arctan": op.atan,
    "Arctanh": op.atanh,
    "Ceil": op.ceil,
    "Cos": op.cos,
    "Cosh": op.cosh,
    "Erf": op.erf,
    "Exp": op.exp,
    "Floor": op.floor,
    "Log": op.log,
    "Relu": op.relu,
    "Selu": op.selu,
    "Sigmoid": activations.sigmoid,
    "Sin": op.sin,
    "Sinh": op.sinh,
    "Softplus": op.softplus,
    "Softsign": op.softsign,
    "Sqrt": op.sqrt,
    "Tan": op.tan,
    "Tanh": op.tanh,
    "Reciprocal": op.reciprocal,
    "HardSigmoid": activations.hard_sigmoid,
    "LogSigmoid": activations.log_sigmoid,
    "Silu": activations.silu,
    "SparsePlus": activations.sparse_plus,
    "TanhShrink": activations.tanh_shrink,
    "SparseSigmoid": activations.sparse_sigmoid,
    "Cbrt": elementwise.cbrt,
    "Exp2": lambda x: op.pow(_like(x, 2), x),
    "Expm1": _doubled(lambda x: op.sub(op.exp(x), _like(x, 1))),
    "HardSilu": lambda x: op.mul(x, activations.hard_sigmoid(x)),
    "HardTanh": lambda x: activations.between(x, -1.0, 1.0),
    "Log10": _doubled(lambda x: op.div(op.log(x), _like(x, np.log(10.0)))),
    "Log1p": _doubled(lambda x: op.log(op.add(x, _like(x, 1)))),
    "Log2": _doubled(lambda x: op.div(op.log(x), _like(x, np.log(2.0)))),
    "Relu6": lambda x: activations.between(x, 0.0, 6.0),
    "Rsqrt": lambda x: op.reciprocal(op.sqrt(x)),
    "Trunc": elementwise.trunc,
}
_TESTS: dict[str, Single] = {
    "Isfinite": elementwise.is_finite,
    "Isinf": op.isinf,
    "Isnan": op.isnan,
}
_TOLD: dict[str, Callable[[Stage, Var], Var]] = {
    "Celu": lambda stage, x: op.celu(x, alpha=float(stage.alpha)),
    "Elu": lambda stage, x: activations.elu(x, float(stage.alpha)),
    "Gelu": lambda stage, x: activations.gelu(x, bool(stage.approximate)),
    "Glu": lambda stage, x: activations.gated(x, int(stage.axis)),
    "HardShrink": lambda stage, x: activations.hard_shrink(x, float(stage.threshold)),
    "LeakyRelu": lambda stage, x: activations.leaky_relu(x, float(stage.negative_slope)),
    "Round": lambda stage, x: elementwise.rounded(x, int(stage.get("decimals") or 0)),
    "SoftShrink": lambda stage, x: activations.soft_shrink(x, float(stage.threshold)),
    "Squareplus": lambda stage, x: activations.squareplus(x, float(stage.b)),
    "Threshold": lambda s, x: activations.above(x, float(s.threshold), float(s.default_value)),
}


def _name(stage: Stage) -> str:
    return stage.kind.rpartition(".")[2]


def _two(stage: Stage, call: Call, floating: bool = False) -> list[Var]:
    return operands(stage, call.get(0, "x1"), call.get(1, "x2"), floating=floating)


@converts(*(f"keras.ops.{name}" for name in _PAIRS))
def pair(stage: Stage, call: Call) -> Var:
    return _PAIRS[_name(stage)](*_two(stage, call))


@converts(*(f"keras.ops.{name}" for name in _FLOAT_PAIRS))
def float_pair(stage: Stage, call: Call) -> Var:
    return _FLOAT_PAIRS[_name(stage)](*_two(stage, call, floating=True))


@converts(*(f"keras.ops.{name}" for name in _COMPARISONS))
def compared(stage: Stage, call: Call) -> Var:
    a, b = _two(stage, call)
    if dtype_of(a).kind == "b":
        a, b = cast(a, np.int32), cast(b, np.int32)
    return _COMPARISONS[_name(stage)](a, b)


@converts(*(f"keras.ops.{name}" for name in _LOGICAL))
def logical(stage: Stage, call: Call) -> Var:
    return _LOGICAL[_name(stage)](*(cast(each, np.bool_) for each in _two(stage, call)))


@converts("keras.ops.LogicalNot")
def logical_not(stage: Stage, x: Var) -> Var:
    return op.not_(cast(x, np.bool_))


@converts(*(f"keras.ops.{name}" for name in _SINGLES))
def single(stage: Stage, call: Call) -> Var:
    return _SINGLES[_name(stage)](operand(stage, call.first))


@converts(*(f"keras.ops.{name}" for name in (*_FLOAT_SINGLES, *_TESTS)))
def float_single(stage: Stage, call: Call) -> Var:
    return (_FLOAT_SINGLES | _TESTS)[_name(stage)](operand(stage, call.first, floating=True))


@converts(*(f"keras.ops.{name}" for name in _TOLD))
def told(stage: Stage, call: Call) -> Var:
    """Functions with parameters."""
    return _TOLD[_name(stage)](stage, operand(stage, call.first, floating=True))


@converts("keras.ops.Where")
def where(stage: Stage, call: Call) -> Var:
    yes, no = call.get(1, "x1"), call.get(2, "x2")
    if yes is None or no is None:
        raise stage.unsupported("asks where something is, and not for one of two values")
    condition = cast(operand(stage, call.get(0, "condition")), np.bool_)
    return op.where(condition, *operands(stage, yes, no))


@converts("keras.ops.Clip")
def clip(stage: Stage, call: Call) -> Var:
    """Between two numbers; NaN stays."""
    x, low, high = operands(stage, call.first, stage.x_min, stage.x_max)
    return op.where(op.less(x, low), low, op.where(op.greater(x, high), high, x))


@converts("keras.ops.Softmax", "keras.ops.LogSoftmax")
def softmax(stage: Stage, x: Var) -> Var:
    axis: Any = stage.get("axis", -1)
    if not isinstance(axis, int):
        raise stage.unsupported("mixes rows with each other")
    return (op.softmax if _name(stage) == "Softmax" else op.log_softmax)(x, axis=axis)


@converts("keras.ops.Cast")
def casted(stage: Stage, x: Var) -> Var:
    return cast(x, np.dtype(str(stage.dtype)))


@converts("keras.ops.ConvertToTensor")
def tensor(stage: Stage, x: Var) -> Var:
    """A tensor as it is: Keras makes one of a mask."""
    told = stage.get("dtype")
    return cast(x, np.dtype(told)) if isinstance(told, str) else x


@converts("keras.ops.Copy", "keras.ops.StopGradient")
def copied(stage: Stage, x: Var) -> Var:
    return x
