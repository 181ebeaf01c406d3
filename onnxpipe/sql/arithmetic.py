"""Arithmetic and functions of numbers in SQL.

Formulas: arithmetic.scala and mathExpressions.scala in org/apache/spark/sql/catalyst/expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from onnxpipe.blocks import nullable, trigonometry
from onnxpipe.blocks.nullable import Value
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.sql.scope import Rule, Scope, evaluated, operands, unknown


def _arithmetic(compute: Callable[[Var, Var], Var], node: Any, scope: Scope) -> Value:
    a, b = operands(node, scope)
    if a.decimal or a.kind not in "if":
        raise scope.stage.unsupported(f"computes {node.sql('spark')} in decimals: cast one side to double")
    null = nullable.missing([a, b])
    if a.kind == "f":
        return Value(compute(a.var, b.var), null)
    made = compute(cast(a.var, np.int64), cast(b.var, np.int64))
    if scope.strict:
        near = compute(cast(a.var, np.float64), cast(b.var, np.float64))
        made = scope.require(made, _fits(made, near, dtype_of(a.var)))
    return Value(cast(made, dtype_of(a.var)), null)


def _fits(made: Var, near: Var, dtype: Any) -> Var:
    """bool: whether whole numbers, computed in int64 and in float64, are what the type can hold."""
    if dtype == np.int32:
        info = np.iinfo(np.int32)
        return op.and_(
            op.less_or_equal(near, const(float(info.max))), op.greater_or_equal(near, const(float(info.min)))
        )
    small = op.less(op.abs(near), const(float(2**62)))
    same_sign = op.equal(op.less(made, const(0)), op.less(near, const(0.0)))
    return op.or_(small, op.and_(same_sign, op.less(op.abs(near), const(1.5 * 2**63))))


def _divided(compute: Callable[[Var, Var], Var], node: Any, scope: Scope) -> Value:
    """A quotient or a rest: of 0, refused or null."""
    a, b = operands(node, scope)
    if a.decimal or a.kind not in "if":
        raise scope.stage.unsupported(f"computes {node.sql('spark')} in decimals: cast one side to double")
    if type(node).__name__ == "Div":
        a, b = (Value(cast(each.var, np.float64), each.null) for each in (a, b))
    null, zero = nullable.missing([a, b]), op.equal(b.var, const(0, dtype_of(b.var)))
    made = compute(a.var, op.where(zero, const(1, dtype_of(b.var)), b.var))
    if type(node.expression).__name__ == "Literal" and float(node.expression.this):
        return Value(made, null)
    if not scope.strict:
        return Value(made, nullable.any_of([null, zero]))
    fine = op.not_(zero) if null is None else op.or_(op.not_(zero), null)
    return Value(scope.require(made, fine), null)


def _negative(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    return replace(a, var=op.neg(a.var))


def double(node: Any, scope: Scope) -> Value:
    a = evaluated(node, scope)
    if a.kind not in "if":
        raise unknown(node, scope)
    return Value(cast(a.var, np.float64), a.null)


def _of_double(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    a = double(node.this, scope)
    return replace(a, var=compute(a.var))


def _logarithm(base: float, x: Any, scope: Scope, floor: float = 0.0) -> Value:
    """A logarithm, null at and below ``floor``."""
    a = double(x, scope)
    outside = op.less_or_equal(a.var, const(floor))
    inside = op.where(outside, const(floor + 1.0), a.var)
    made = op.div(op.log(inside), const(float(np.log(base))))
    return Value(made, nullable.any_of([a.null, outside]))


def _log(node: Any, scope: Scope) -> Value:
    """``ln(x)``, ``log10(x)``, ``log2(x)``; of other bases those that are written as numbers."""
    base, x = (node.this, node.expression) if node.args.get("expression") else (None, node.this)
    if base is None:
        return _logarithm(float(np.e), x, scope)
    if type(base).__name__ != "Literal" or not float(base.this) > 0 or float(base.this) == 1:
        raise unknown(node, scope)
    return _logarithm(float(base.this), x, scope)


def _absolute(node: Any, scope: Scope) -> Value:
    """The size of a number; of the lowest whole number, which has none, itself or refused."""
    a = evaluated(node.this, scope)
    if a.kind not in "if":
        raise unknown(node, scope)
    made = op.abs(a.var)
    if a.kind == "i" and scope.strict:
        lowest = const(np.iinfo(dtype_of(a.var)).min, dtype_of(a.var))
        made = scope.require(made, op.not_(op.equal(a.var, lowest)))
    return replace(a, var=made)


def _power(node: Any, scope: Scope) -> Value:
    a, b = double(node.this, scope), double(node.expression, scope)
    return Value(op.pow(a.var, b.var), nullable.missing([a, b]))


def _to_whole(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    """``floor`` or ``ceil``, a whole number; up to Spark 4.2 the end of the range for one beyond it."""
    a = evaluated(node.this, scope)
    if a.kind != "f" or a.decimal or node.args.get("decimals") or node.args.get("to"):
        raise unknown(node, scope)
    whole = compute(cast(a.var, np.float64))
    made = nullable.as_long(whole)
    if not scope.since(4, 3):
        return Value(made, a.null)
    fine = nullable.any_of([within(whole, 2.0**63), op.isnan(whole), a.null])
    assert fine is not None
    return Value(scope.require(made, fine), a.null)


def within(x: Var, end: float) -> Var:
    """bool: which numbers are from ``-end`` up to below ``end``."""
    return op.and_(op.less(x, const(end)), op.greater_or_equal(x, const(-end)))


def _rounded(node: Any, scope: Scope) -> Value:
    """To the nearest whole number, halves away from 0."""
    a = evaluated(node.this, scope)
    if a.kind != "f" or a.decimal or _places(node) != "0":
        raise unknown(node, scope)
    size = op.abs(a.var)
    down = op.floor(size)
    half = op.greater_or_equal(op.sub(size, down), const(0.5, dtype_of(size)))
    nearest = op.add(down, cast(half, dtype_of(size)))
    return replace(a, var=op.where(op.isinf(a.var), a.var, op.mul(op.sign(a.var), nearest)))


def _places(node: Any) -> str:
    """How many digits to round to, as it is written."""
    decimals = node.args.get("decimals")
    return "0" if decimals is None else str(decimals.sql("spark"))


def _is_nan(node: Any, scope: Scope) -> Value:
    a = double(node.this, scope)
    return Value(nullable.true(op.isnan(a.var), a.null).var)


def _nan_value(node: Any, scope: Scope) -> Value:
    """``nanvl(x, y)``: y where x is NaN."""
    first, second = node.expressions or (node.this, node.expression)
    a = double(first, scope)
    b = double(second, scope.only(op.isnan(a.var)))
    return nullable.chosen(op.isnan(a.var), b, a)


RULES: dict[str, Rule] = {
    "Add": partial(_arithmetic, op.add),
    "Sub": partial(_arithmetic, op.sub),
    "Mul": partial(_arithmetic, op.mul),
    "Div": partial(_divided, op.div),
    "Mod": partial(_divided, partial(op.mod, fmod=1)),
    "Neg": _negative,
    "Negative": _negative,
    "Abs": _absolute,
    "Sqrt": partial(_of_double, op.sqrt),
    "Exp": partial(_of_double, op.exp),
    "Sin": partial(_of_double, op.sin),
    "Cos": partial(_of_double, trigonometry.cos),
    "Tan": partial(_of_double, trigonometry.tan),
    "Sign": partial(_of_double, op.sign),
    "Ln": _log,
    "Log": _log,
    "Pow": _power,
    "Floor": partial(_to_whole, op.floor),
    "Ceil": partial(_to_whole, op.ceil),
    "Round": _rounded,
    "IsNan": _is_nan,
    "Nanvl": _nan_value,
    "nanvl": _nan_value,
}
"""What is computed, by the name of the expression in sqlglot's tree."""
