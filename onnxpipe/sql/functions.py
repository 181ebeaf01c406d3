"""More functions of numbers in SQL: whole quotients, angles, roots, and logarithms beside 1.

Formulas: arithmetic.scala and mathExpressions.scala in org/apache/spark/sql/catalyst/expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from onnxpipe.blocks import elementwise, nullable, numeric, trigonometry
from onnxpipe.blocks.nullable import Value
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.sql.arithmetic import double
from onnxpipe.sql.scope import Rule, Scope, operands, unknown


def _of_double(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    (given,) = node.expressions or [node.this]
    a = double(given, scope)
    return replace(a, var=compute(a.var))


def _log1p(node: Any, scope: Scope) -> Value:
    """``log1p(x)``, null at and below -1."""
    a = double(node.expressions[0], scope)
    outside = op.less_or_equal(a.var, const(-1.0))
    inside = op.where(outside, const(0.0), a.var)
    return Value(numeric.log1p(inside), nullable.any_of([a.null, outside]))


def _hypot(node: Any, scope: Scope) -> Value:
    a, b = (double(each, scope) for each in node.expressions)
    big = op.max([op.abs(a.var), op.abs(b.var)])
    safe = op.where(op.or_(op.equal(big, const(0.0)), op.isinf(big)), const(1.0), big)
    x, y = op.div(a.var, safe), op.div(b.var, safe)
    made = op.mul(op.sqrt(op.add(op.mul(x, x), op.mul(y, y))), safe)
    endless = op.or_(op.isinf(a.var), op.isinf(b.var))
    return Value(op.where(endless, const(np.inf), made), nullable.missing([a, b]))


def _whole_quotient(node: Any, scope: Scope) -> Value:
    """``DIV`` of whole numbers, towards 0; by 0 refused or null."""
    a, b = operands(node, scope)
    if a.kind != "i":
        raise unknown(node, scope)
    x, y = cast(a.var, np.int64), cast(b.var, np.int64)
    zero, turns = op.equal(y, const(0)), op.equal(y, const(-1))
    made = op.div(x, op.where(op.or_(zero, turns), const(1), y))
    made = op.where(turns, op.neg(x), made)
    null = nullable.missing([a, b])
    if not scope.strict:
        return Value(made, nullable.any_of([null, zero]))
    beyond = op.and_(turns, op.equal(x, const(np.iinfo(np.int64).min)))
    fine = op.not_(op.or_(zero, beyond))
    return Value(scope.require(made, fine if null is None else op.or_(fine, null)), null)


def _constant(value: float, node: Any, scope: Scope) -> Value:
    return Value(const([[value]], np.float64))


RULES: dict[str, Rule] = {
    "IntDiv": _whole_quotient,
    "Cbrt": partial(_of_double, elementwise.cbrt),
    "Asin": partial(_of_double, trigonometry.arcsin),
    "Acos": partial(_of_double, trigonometry.arccos),
    "Atan": partial(_of_double, trigonometry.arctan),
    "Sinh": partial(_of_double, trigonometry.sinh),
    "Cosh": partial(_of_double, trigonometry.cosh),
    "Tanh": partial(_of_double, op.tanh),
    "Degrees": partial(_of_double, lambda x: op.mul(x, const(180 / np.pi))),
    "Radians": partial(_of_double, lambda x: op.mul(x, const(np.pi / 180))),
    "Rint": partial(_of_double, op.round),
    "log1p": _log1p,
    "hypot": _hypot,
    "Pi": partial(_constant, float(np.pi)),
    "e": partial(_constant, float(np.e)),
}
"""What is computed, by the name of the expression in sqlglot's tree."""
