"""Comparisons, choices and SQL's logic of three truths.

Formulas: predicates.scala, conditionalExpressions.scala and nullExpressions.scala in
org/apache/spark/sql/catalyst/expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np

from onnxpipe.blocks import nullable
from onnxpipe.blocks.nullable import Value
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.sql.scope import Rule, Scope, evaluated, operands, together, unknown


def _not(node: Any, scope: Scope) -> Value:
    return nullable.negated(evaluated(node.this, scope))


def _and(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    return nullable.both(a, evaluated(node.expression, scope.only(op.not_(nullable.is_false(a)))))


def _or(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    return nullable.either(a, evaluated(node.expression, scope.only(op.not_(a.var))))


def _equal(node: Any, scope: Scope) -> Value:
    return nullable.equal(*operands(node, scope))


def _same(node: Any, scope: Scope) -> Value:
    """``<=>``: two missing values are the same."""
    a, b = operands(node, scope)
    alike = nullable.equal(a, b).var
    return Value(alike if a.null is None or b.null is None else op.or_(alike, op.and_(a.null, b.null)))


def _below(node: Any, scope: Scope, turned: bool = False, otherwise: bool = False) -> Value:
    """Less, of the two turned round, or that this is not so."""
    a, b = operands(node, scope)
    return _ordered(node, scope, *((b, a) if turned else (a, b)), otherwise)


def _ordered(node: Any, scope: Scope, a: Value, b: Value, otherwise: bool) -> Value:
    if a.kind == "U":
        raise scope.stage.unsupported(f"orders texts: {node.sql('spark')}")
    if a.kind == "b":
        a, b = (Value(cast(each.var, np.int32), each.null) for each in (a, b))
    below = nullable.less(a, b)
    return nullable.negated(below) if otherwise else below


def _among(node: Any, scope: Scope) -> Value:
    if not node.expressions:
        raise unknown(node, scope)
    x = evaluated(node.this, scope)
    pairs = (together(node, scope, [x, evaluated(each, scope)]) for each in node.expressions)
    return reduce(nullable.either, [nullable.equal(a, b) for a, b in pairs])


def _between(node: Any, scope: Scope) -> Value:
    low, high = (node.args[name] for name in ("low", "high"))
    if node.args.get("symmetric"):
        raise unknown(node, scope)
    x, bottom, top = together(node, scope, [evaluated(n, scope) for n in (node.this, low, high)])
    above = _ordered(node, scope, x, bottom, True)
    return nullable.both(above, _ordered(node, scope, top, x, True))


def _is_null(node: Any, scope: Scope) -> Value:
    if type(node.expression).__name__ == "Boolean":
        return _is_truth(node, scope)
    if type(node.expression).__name__ != "Null":
        raise unknown(node, scope)
    a = evaluated(node.this, scope)
    _refuse_blind(node.this, a, scope)
    return Value(op.expand(const([[False]]), op.shape(a.var)) if a.null is None else a.null)


def _is_truth(node: Any, scope: Scope) -> Value:
    """``IS TRUE`` and ``IS FALSE``, which are never missing."""
    a = evaluated(node.this, scope)
    if a.kind != "b":
        raise unknown(node, scope)
    return Value(a.var if node.expression.this else nullable.is_false(a))


def _refuse_blind(node: Any, value: Value, scope: Scope) -> None:
    """Raise Inexact for a number of the user's, which may be null there and is NaN in a graph."""
    if type(node).__name__ == "Column" and value.kind == "f":
        raise scope.stage.inexact(
            f"asks whether {node.name} is null, which a graph can't tell from NaN",
            f"Ask for NaN: nanvl({node.name}, ...) or isnan({node.name}).",
        )


def _first_known(node: Any, scope: Scope) -> Value:
    parts = [node.this, *node.expressions]
    values: list[Value] = []
    for part in parts:
        values.append(evaluated(part, scope))
        if part is not parts[-1]:
            _refuse_blind(part, values[-1], scope)
        scope = scope if values[-1].null is None else scope.only(values[-1].null)
    values = together(node, scope, values)
    found = reduce(
        lambda rest, a: a if a.null is None else nullable.chosen(a.null, rest, a), reversed(values)
    )
    return _known_where_any_is(found, values)


def _known_where_any_is(found: Value, values: Sequence[Value]) -> Value:
    """What is only missing where all values are."""
    return replace(found, null=None) if any(value.null is None for value in values) else found


def _case(node: Any, scope: Scope) -> Value:
    """The first branch whose condition is true; without ``ELSE`` null."""
    subject, otherwise = node.args.get("this"), node.args.get("default")
    branches = []
    for branch in node.args["ifs"]:
        holds = _condition(subject, branch.this, scope)
        branches.append((holds, evaluated(branch.args["true"], scope.only(holds))))
        scope = scope.only(op.not_(holds))
    return _branched(node, scope, branches, otherwise)


def _if(node: Any, scope: Scope) -> Value:
    holds = _condition(None, node.this, scope)
    branches = [(holds, evaluated(node.args["true"], scope.only(holds)))]
    return _branched(node, scope.only(op.not_(holds)), branches, node.args.get("false"))


def _condition(subject: Any, condition: Any, scope: Scope) -> Var:
    if subject is None:
        return evaluated(condition, scope).var
    return nullable.equal(
        *together(condition, scope, [evaluated(n, scope) for n in (subject, condition)])
    ).var


def _branched(node: Any, scope: Scope, branches: Sequence[tuple[Var, Value]], otherwise: Any) -> Value:
    values = [value for _, value in branches]
    if otherwise is None or type(otherwise).__name__ == "Null":
        *values, last = [*together(node, scope, values), nullable.nothing(dtype_of(values[0].var))]
        last = replace(last, var=cast(last.var, dtype_of(values[0].var)), decimal=values[0].decimal)
    else:
        *values, last = together(node, scope, [*values, evaluated(otherwise, scope)])
    pairs = [(holds, value) for (holds, _), value in zip(branches, values, strict=True)]
    return reduce(lambda rest, pair: nullable.chosen(pair[0], pair[1], rest), reversed(pairs), last)


def _either_way(node: Any, scope: Scope) -> Value:
    """``nvl2(x, there, missing)``."""
    a = evaluated(node.this, scope)
    _refuse_blind(node.this, a, scope)
    there = const([[True]]) if a.null is None else op.not_(a.null)
    branches = [(there, evaluated(node.args["true"], scope.only(there)))]
    return _branched(node, scope.only(op.not_(there)), branches, node.args.get("false"))


def _null_if(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    same = nullable.equal(*together(node, scope, [a, evaluated(node.expression, scope)])).var
    return replace(a, null=nullable.any_of([a.null, same]))


def _extreme(node: Any, scope: Scope, highest: bool) -> Value:
    """The greatest or least of what is known."""
    values = together(node, scope, [evaluated(n, scope) for n in (node.this, *node.expressions)])

    def better(a: Value, b: Value) -> Value:
        wins = _ordered(node, scope, *((a, b) if highest else (b, a)), False).var
        wins = wins if a.null is None else op.or_(wins, a.null)
        wins = wins if b.null is None else op.and_(wins, op.not_(b.null))
        return nullable.chosen(wins, b, a)

    return _known_where_any_is(reduce(better, values), values)


RULES: dict[str, Rule] = {
    "Not": _not,
    "And": _and,
    "Or": _or,
    "EQ": _equal,
    "NEQ": lambda node, scope: nullable.negated(_equal(node, scope)),
    "NullSafeEQ": _same,
    "LT": _below,
    "GT": partial(_below, turned=True),
    "GTE": partial(_below, otherwise=True),
    "LTE": partial(_below, turned=True, otherwise=True),
    "In": _among,
    "Between": _between,
    "Is": _is_null,
    "Coalesce": _first_known,
    "Case": _case,
    "If": _if,
    "Nullif": _null_if,
    "Nvl2": _either_way,
    "Greatest": partial(_extreme, highest=True),
    "Least": partial(_extreme, highest=False),
}
"""What is computed, by the name of the expression in sqlglot's tree."""
