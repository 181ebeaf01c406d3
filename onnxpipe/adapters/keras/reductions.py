"""Operations between layers that make one number of several along axes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Call
from onnxpipe.adapters.keras.operands import axes_within, operand, size_of
from onnxpipe.blocks import linear, numeric
from onnxpipe.blocks.networks import normalising
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, ranked, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Reduce = Callable[..., Var]


def _variance(x: Var, axes: Var, keepdims: int) -> Var:
    gap = op.sub(x, op.reduce_mean(x, axes, keepdims=1))
    return op.reduce_mean(op.mul(gap, gap), axes, keepdims=keepdims)


def _root_of_sum(x: Var, axes: Var, keepdims: int) -> Var:
    return op.sqrt(op.reduce_sum(op.mul(x, x), axes, keepdims=keepdims))


_SUMS: dict[str, Reduce] = {"Sum": op.reduce_sum, "Prod": op.reduce_prod}
_EXTREMES: dict[str, Reduce] = {
    "Max": numeric.greatest,
    "Amax": numeric.greatest,
    "Min": partial(numeric.greatest, least=True),
    "Amin": partial(numeric.greatest, least=True),
}
_MEANS: dict[str, Reduce] = {
    "Logsumexp": lambda x, axes, keepdims: linear.log_sum_exp(x, axes, keepdims=keepdims),
    "Mean": op.reduce_mean,
    "Std": lambda x, axes, keepdims: op.sqrt(_variance(x, axes, keepdims)),
    "Var": _variance,
}
_NORMS: dict[Any, Reduce] = {
    None: _root_of_sum,
    2: _root_of_sum,
    1: lambda x, axes, keepdims: op.reduce_sum(op.abs(x), axes, keepdims=keepdims),
}


def _reduced(stage: Stage, x: Var, reduce: Reduce) -> Var:
    axes = const(axes_within(stage, x))
    return reduce(x, axes, keepdims=int(bool(stage.get("keepdims"))))


def _name(stage: Stage) -> str:
    return stage.kind.rpartition(".")[2]


@converts("keras.ops.Sum", "keras.ops.Prod")
def added(stage: Stage, call: Call) -> Var:
    """Small whole numbers add up to int32, and turn over where onnxruntime stops at its ends."""
    x = operand(stage, call.first)
    if dtype_of(x).kind not in "bi" or dtype_of(x).itemsize > 4:
        return _reduced(stage, x, _SUMS[_name(stage)])
    return cast(_reduced(stage, cast(x, np.int64), _SUMS[_name(stage)]), np.int32)


@converts(*(f"keras.ops.{name}" for name in _EXTREMES))
def extreme(stage: Stage, call: Call) -> Var:
    if stage.get("initial") is not None:
        raise stage.unsupported("begins with a number of its own")
    return _reduced(stage, operand(stage, call.first), _EXTREMES[_name(stage)])


@converts(*(f"keras.ops.{name}" for name in _MEANS))
def averaged(stage: Stage, call: Call) -> Var:
    return _reduced(stage, operand(stage, call.first, floating=True), _MEANS[_name(stage)])


@converts("keras.ops.Norm")
def norm(stage: Stage, call: Call) -> Var:
    x = operand(stage, call.first, floating=True)
    if stage.get("ord") not in _NORMS or len(axes_within(stage, x)) != 1:
        raise stage.unsupported(f"takes the norm {stage.get('ord')!s:.20}")
    return _reduced(stage, x, _NORMS[stage.get("ord")])


@converts("keras.ops.Normalize")
def normalised(stage: Stage, call: Call) -> Var:
    x = operand(stage, call.first, floating=True)
    if stage.get("order", 2) != 2:
        raise stage.unsupported(f"divides by the norm {stage.order!s:.20}")
    return normalising.unit(x, axes_within(stage, x), float(stage.get("epsilon") or 1e-12))


@converts("keras.ops.Any", "keras.ops.All", "keras.ops.CountNonzero")
def counted(stage: Stage, call: Call) -> Var:
    flags = cast(cast(operand(stage, call.first), np.bool_), np.int32)
    if _name(stage) == "CountNonzero":
        return _reduced(stage, flags, op.reduce_sum)
    return cast(_reduced(stage, flags, op.reduce_max if _name(stage) == "Any" else op.reduce_min), np.bool_)


@converts("keras.ops.Argmax", "keras.ops.Argmin")
def place(stage: Stage, call: Call) -> Var:
    """The first of equal ones; NaN is passed over, and the first where there is nothing else.

    Source: Eigen's ArgMaxTupleReducer, which begins with the least number that there is.
    """
    x, most = operand(stage, call.first), _name(stage) == "Argmax"
    (axis,), keep = axes_within(stage, x), int(bool(stage.get("keepdims")))
    find = op.arg_max if most else op.arg_min
    if dtype_of(x).kind == "f":
        end = const(np.finfo(dtype_of(x)).min if most else np.finfo(dtype_of(x)).max, dtype_of(x))
        x = op.where((op.greater if most else op.less)(x, end), x, end)
    return cast(find(x, axis=axis, keepdims=keep), np.int32)


@converts("keras.ops.Cumsum")
def running(stage: Stage, call: Call) -> Var:
    x = operand(stage, call.first)
    if dtype_of(x).kind not in "fi" or dtype_of(x).itemsize < 4:
        raise stage.unsupported("adds up small whole numbers")
    return op.cumsum(x, const(axes_within(stage, x)[0]))


@converts("keras.ops.TopK")
def top_k(stage: Stage, call: Call) -> list[Var]:
    """The highest of the last axis, best first, and where they are."""
    x, count = operand(stage, call.first), int(stage.k)
    width, before = size_of(stage, x, -1), shape_of(x)[:-1]
    values, places = ranked(op.reshape(x, const([-1, width])), const([count]))
    sizes = op.concat([op.shape(x, end=-1), const([count])], axis=0)
    return [shaped(op.reshape(each, sizes), *before, count) for each in (values, cast(places, np.int32))]
