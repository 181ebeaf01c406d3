"""Checks by a sum, also of what is computed from a stage's rows: that shows whatever isn't finite in them.

What is computed of float32 in float64 is far from overflowing: the sum of its numbers is finite if they are,
and none of them needs a product of its own. Linear maps leave a NaN or an infinity out of nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from spox._var import _VarInfo

from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.passes.refusing_constants import constant

_MOST_ROWS = 2.0**63


def index_by_sum(x: Var, source: _VarInfo | None = None) -> Var | None:
    """An int64 scalar, 1 if any of ``x``, or of a ``source`` it is computed from, isn't finite, else 0.

    None where the sum of ``x`` doesn't tell.
    """
    largest = _largest(x._var_info, source) if dtype_of(x) == np.float64 else None
    if largest is None or largest > float(np.finfo(np.float64).max) / _MOST_ROWS:
        return None
    return cast(op.isnan(op.mul(op.reduce_sum(x, keepdims=0), const(0.0))), np.int64)


def _largest(info: _VarInfo, source: _VarInfo | None) -> float | None:
    """The largest that finite numbers of ``source`` (None: of float32) make, if all are in it; else None."""
    dtype = dtype_of(Var(info))
    if dtype.kind != "f":
        return None
    if info is source or (source is None and dtype == np.float32):
        return float(np.finfo(dtype).max)
    inputs = [each for each in info._op.dependencies if each is not None]
    constants = [_constant(each) for each in inputs]
    computed = [each for each, value in zip(inputs, constants, strict=True) if value is None]
    if len(computed) != 1 or not all(np.isfinite(value).all() for value in constants if value is not None):
        return None
    below = _largest(computed[0], source)
    with np.errstate(over="ignore"):
        made = None if below is None else _made(info._op.op_type.identifier, below, constants)
    return made if made is not None and made < float(np.finfo(dtype).max) else None


def _made(operator: str, below: float, constants: list[Any]) -> float | None:
    """The largest that an operator makes of its inputs, None among them for numbers up to ``below``."""
    sizes = [np.abs(value) for value in constants if value is not None]
    if operator == "Cast":
        return below
    if operator == "Gemm" and len(constants[:2]) == 2 and len(sizes) == len(constants) - 1:
        return float(below * sizes[0].sum() + sum(size.max(initial=0.0) for size in sizes[1:]))
    if operator in ("Add", "Sub"):
        return float(below + sizes[0].max(initial=0.0))
    if operator == "Mul":
        return float(below * sizes[0].max(initial=0.0))
    if operator == "Div" and constants[0] is None and sizes[0].min(initial=1.0) > 0:
        return float(below / sizes[0].min())
    return None


def _constant(info: _VarInfo) -> Any:
    """The value of a constant, or what is repeated of it; None for what is computed."""
    repeated = info._op.op_type.identifier == "Expand"
    return constant(next(iter(info._op.dependencies)) if repeated else info)
