"""What expressions of SQL compute, column by column, as Spark computes them.

Formulas: arithmetic.scala, predicates.scala, conditionalExpressions.scala, nullExpressions.scala and
mathExpressions.scala in org/apache/spark/sql/catalyst/expressions. Spark 4 refuses what can't be
computed, such as a division by 0 (ANSI SQL), where Spark 3 answered null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np

from onnxpipe.blocks import elementwise, nullable, text
from onnxpipe.blocks.characters import Spelling, respelled
from onnxpipe.blocks.contrib import code_points
from onnxpipe.blocks.nullable import Value
from onnxpipe.core.apply import require
from onnxpipe.core.frame import Frame
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.errors import BadInput


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is computed; ``active`` (bool) marks the rows in which it counts, None: all."""

    stage: Stage
    frame: Frame
    active: Var | None = None

    @property
    def strict(self) -> bool:
        """Whether what can't be computed is refused."""
        return not str(self.stage.sparkVersion).startswith(("1.", "2.", "3."))

    def only(self, condition: Var) -> Scope:
        """The same where a condition holds too."""
        return replace(self, active=condition if self.active is None else op.and_(self.active, condition))

    def require(self, x: Var, valid: Var) -> Var:
        """``x`` where ``valid`` holds in all rows that count; the others are refused."""
        valid = valid if self.active is None else op.or_(valid, op.not_(self.active))
        return require(self.stage.context, x, op.reshape(valid, const([-1])))


Rule = Callable[[Any, Scope], Value]


def evaluated(node: Any, scope: Scope) -> Value:
    """The value of an expression. Raises Unsupported for one that isn't known."""
    name = type(node).__name__
    rule = _RULES.get(str(node.name).lower() if name == "Anonymous" else name)
    if rule is None:
        raise _unknown(node, scope)
    return rule(node, scope)


def written(value: Value, node: Any, stage: Stage) -> Var:
    """A value as a column. Raises Inexact for truths and whole numbers that may be missing."""
    if value.null is not None and value.kind in "bi":
        raise stage.inexact(
            f"computes {node.sql('spark')}, which may be null, as no truth or whole number in a graph can be",
            "Say what stands for null, with coalesce, or cast it to double.",
        )
    return nullable.written_out(value, stage.options.missing_string)


def _unknown(node: Any, scope: Scope) -> Exception:
    return scope.stage.unsupported(f"computes {node.sql('spark')}, which isn't among what is converted")


def _column(node: Any, scope: Scope) -> Value:
    found = scope.frame.get(node.name)
    if found is None:
        raise BadInput(f"there is no column {node.name} before it")
    if found.vector or found.lengths is not None:
        raise scope.stage.unsupported(f"computes with {node.name}, which holds vectors or arrays")
    null = op.equal(found.var, const(scope.stage.options.missing_string)) if _is_text(found.var) else None
    return Value(found.var, null)


def _is_text(x: Var) -> bool:
    return dtype_of(x).kind == "U"


def _literal(node: Any, scope: Scope) -> Value:
    said = str(node.this)
    if node.is_string:
        return Value(const([[said]]))
    if said.isdigit():
        return Value(const([[int(said)]], np.int32 if int(said) < 2**31 else np.int64))
    return Value(const([[float(said)]]), decimal="e" not in said.lower())


def _boolean(node: Any, scope: Scope) -> Value:
    return Value(const([[bool(node.this)]]))


def _together(node: Any, scope: Scope, values: Sequence[Value]) -> list[Value]:
    """Values as Spark brings them to one type. Raises Unsupported for text beside numbers."""
    if len({"n" if value.kind in "if" else value.kind for value in values}) > 1:
        raise scope.stage.unsupported(f"computes {node.sql('spark')} of texts, truths and numbers together")
    if values[0].kind in "bU":
        return list(values)
    floats = [dtype_of(value.var) for value in values if value.kind == "f" and not value.decimal]
    wide = scope.strict and len({value.kind for value in values}) > 1  # a float beside a whole number
    decimal = any(value.decimal for value in values)
    target = np.result_type(*floats) if floats else np.result_type(*(dtype_of(v.var) for v in values))
    target = np.dtype(np.float64) if decimal or wide else target
    return [Value(cast(v.var, target), v.null, decimal and not floats) for v in values]


def _operands(node: Any, scope: Scope) -> list[Value]:
    return _together(node, scope, [evaluated(node.this, scope), evaluated(node.expression, scope)])


def _arithmetic(compute: Callable[[Var, Var], Var], node: Any, scope: Scope) -> Value:
    a, b = _operands(node, scope)
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
    a, b = _operands(node, scope)
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


def _not(node: Any, scope: Scope) -> Value:
    return nullable.negated(evaluated(node.this, scope))


def _and(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    return nullable.both(a, evaluated(node.expression, scope.only(op.not_(nullable.is_false(a)))))


def _or(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    return nullable.either(a, evaluated(node.expression, scope.only(op.not_(a.var))))


def _equal(node: Any, scope: Scope) -> Value:
    return nullable.equal(*_operands(node, scope))


def _same(node: Any, scope: Scope) -> Value:
    """``<=>``: two missing values are the same."""
    a, b = _operands(node, scope)
    alike = nullable.equal(a, b).var
    return Value(alike if a.null is None or b.null is None else op.or_(alike, op.and_(a.null, b.null)))


def _below(node: Any, scope: Scope, turned: bool = False, otherwise: bool = False) -> Value:
    """Less, of the two turned round, or that this is not so."""
    a, b = _operands(node, scope)
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
        raise _unknown(node, scope)
    x = evaluated(node.this, scope)
    pairs = (_together(node, scope, [x, evaluated(each, scope)]) for each in node.expressions)
    return reduce(nullable.either, [nullable.equal(a, b) for a, b in pairs])


def _between(node: Any, scope: Scope) -> Value:
    low, high = (node.args[name] for name in ("low", "high"))
    x, bottom, top = _together(node, scope, [evaluated(n, scope) for n in (node.this, low, high)])
    above = _ordered(node, scope, x, bottom, True)
    return nullable.both(above, _ordered(node, scope, top, x, True))


def _is_null(node: Any, scope: Scope) -> Value:
    if type(node.expression).__name__ != "Null":
        raise _unknown(node, scope)
    a = evaluated(node.this, scope)
    _refuse_blind(node.this, a, scope)
    return Value(op.expand(const([[False]]), op.shape(a.var)) if a.null is None else a.null)


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
    values = _together(node, scope, values)
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
        *_together(condition, scope, [evaluated(n, scope) for n in (subject, condition)])
    ).var


def _branched(node: Any, scope: Scope, branches: Sequence[tuple[Var, Value]], otherwise: Any) -> Value:
    values = [value for _, value in branches]
    if otherwise is None or type(otherwise).__name__ == "Null":
        *values, last = [*_together(node, scope, values), nullable.nothing(dtype_of(values[0].var))]
        last = replace(last, var=cast(last.var, dtype_of(values[0].var)), decimal=values[0].decimal)
    else:
        *values, last = _together(node, scope, [*values, evaluated(otherwise, scope)])
    pairs = [(holds, value) for (holds, _), value in zip(branches, values, strict=True)]
    return reduce(lambda rest, pair: nullable.chosen(pair[0], pair[1], rest), reversed(pairs), last)


def _null_if(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    same = nullable.equal(*_together(node, scope, [a, evaluated(node.expression, scope)])).var
    return replace(a, null=nullable.any_of([a.null, same]))


def _extreme(node: Any, scope: Scope, highest: bool) -> Value:
    """The greatest or least of what is known."""
    values = _together(node, scope, [evaluated(n, scope) for n in (node.this, *node.expressions)])

    def better(a: Value, b: Value) -> Value:
        wins = _ordered(node, scope, *((a, b) if highest else (b, a)), False).var
        wins = wins if a.null is None else op.or_(wins, a.null)
        wins = wins if b.null is None else op.and_(wins, op.not_(b.null))
        return nullable.chosen(wins, b, a)

    return _known_where_any_is(reduce(better, values), values)


def _double(node: Any, scope: Scope) -> Value:
    a = evaluated(node, scope)
    if a.kind not in "if":
        raise _unknown(node, scope)
    return Value(cast(a.var, np.float64), a.null)


def _of_double(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    a = _double(node.this, scope)
    return replace(a, var=compute(a.var))


def _logarithm(base: float, x: Any, scope: Scope, floor: float = 0.0) -> Value:
    """A logarithm, null at and below ``floor``."""
    a = _double(x, scope)
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
        raise _unknown(node, scope)
    return _logarithm(float(base.this), x, scope)


def _absolute(node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    if a.kind != "f":
        raise _unknown(node, scope)
    return replace(a, var=op.abs(a.var))


def _power(node: Any, scope: Scope) -> Value:
    a, b = _double(node.this, scope), _double(node.expression, scope)
    return Value(op.pow(a.var, b.var), nullable.missing([a, b]))


def _to_whole(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    """``floor`` or ``ceil``, a whole number."""
    a = evaluated(node.this, scope)
    if a.kind != "f" or a.decimal or node.args.get("decimals") or node.args.get("to"):
        raise _unknown(node, scope)
    whole = compute(cast(a.var, np.float64))
    made = nullable.as_long(whole)
    if not scope.strict:
        return Value(made, a.null)
    fine = nullable.any_of([_within(whole, 2.0**63), op.isnan(whole), a.null])
    assert fine is not None
    return Value(scope.require(made, fine), a.null)


def _within(x: Var, end: float) -> Var:
    """bool: which numbers are from ``-end`` up to below ``end``."""
    return op.and_(op.less(x, const(end)), op.greater_or_equal(x, const(-end)))


def _rounded(node: Any, scope: Scope) -> Value:
    """To the nearest whole number, halves away from 0."""
    a = evaluated(node.this, scope)
    if a.kind != "f" or a.decimal or node.args.get("decimals") is not None:
        raise _unknown(node, scope)
    size = op.abs(a.var)
    down = op.floor(size)
    half = op.greater_or_equal(op.sub(size, down), const(0.5, dtype_of(size)))
    nearest = op.add(down, cast(half, dtype_of(size)))
    return replace(a, var=op.where(op.isinf(a.var), a.var, op.mul(op.sign(a.var), nearest)))


def _is_nan(node: Any, scope: Scope) -> Value:
    a = _double(node.this, scope)
    return Value(nullable.true(op.isnan(a.var), a.null).var)


def _nan_value(node: Any, scope: Scope) -> Value:
    """``nanvl(x, y)``: y where x is NaN."""
    first, second = node.expressions or (node.this, node.expression)
    a = _double(first, scope)
    b = _double(second, scope.only(op.isnan(a.var)))
    return nullable.chosen(op.isnan(a.var), b, a)


def _cast(node: Any, scope: Scope) -> Value:
    """To double, from numbers and truths; to int and bigint, refused where it doesn't fit; to boolean."""
    a, to = evaluated(node.this, scope), node.to.sql("spark").upper()
    if a.kind == "U" and to != "STRING":
        raise _unknown(node, scope)
    if to in ("DOUBLE", "BOOLEAN"):
        return Value(cast(a.var, np.float64 if to == "DOUBLE" else np.bool_), a.null)
    if to == "STRING" and a.kind in "iU":
        return Value(cast(a.var, np.str_), a.null)
    if to not in ("INT", "BIGINT") or not scope.strict:
        raise _unknown(node, scope)
    if a.kind != "f":
        if to == "INT" and dtype_of(a.var) == np.int64:
            raise _unknown(node, scope)
        return Value(cast(a.var, np.int32 if to == "INT" else np.int64), a.null)
    end = float(2**31 if to == "INT" else 2**63)
    whole = cast(
        op.where(op.less(a.var, const(0, dtype_of(a.var))), op.ceil(a.var), op.floor(a.var)), np.float64
    )
    fits = _within(whole, end)
    made = nullable.as_long(whole)
    fine = fits if a.null is None else op.or_(fits, a.null)
    return Value(cast(scope.require(made, fine), np.int32 if to == "INT" else np.int64), a.null)


def _joined(node: Any, scope: Scope) -> Value:
    parts = node.expressions or [node.this, node.expression]
    values = [evaluated(part, scope) for part in parts]
    if any(value.kind != "U" for value in values):
        raise _unknown(node, scope)
    return Value(reduce(op.string_concat, [value.var for value in values]), nullable.missing(values))


def _of_text(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    if a.kind != "U":
        raise _unknown(node, scope)
    flat = op.reshape(a.var, const([-1]))
    return replace(a, var=op.reshape(text.padded(flat, compute), const([-1, 1])))


def _characters(texts: Var) -> Var:
    there = op.not_(op.equal(code_points(texts), const("")))
    return cast(op.reduce_sum(cast(there, np.int64), const([1]), keepdims=0), np.int32)


def _inner(node: Any, scope: Scope) -> Value:
    return evaluated(node.this, scope)


_RULES: dict[str, Rule] = {
    "Column": _column,
    "Literal": _literal,
    "Boolean": _boolean,
    "Paren": _inner,
    "Add": partial(_arithmetic, op.add),
    "Sub": partial(_arithmetic, op.sub),
    "Mul": partial(_arithmetic, op.mul),
    "Div": partial(_divided, op.div),
    "Mod": partial(_divided, partial(op.mod, fmod=1)),
    "Neg": _negative,
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
    "Greatest": partial(_extreme, highest=True),
    "Least": partial(_extreme, highest=False),
    "Abs": _absolute,
    "Sqrt": partial(_of_double, op.sqrt),
    "Exp": partial(_of_double, op.exp),
    "Sin": partial(_of_double, op.sin),
    "Cos": partial(_of_double, elementwise.cos),
    "Tan": partial(_of_double, elementwise.tan),
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
    "Cast": _cast,
    "TryCast": _cast,
    "Concat": _joined,
    "DPipe": _joined,
    "Lower": partial(_of_text, lambda texts: respelled(texts, Spelling())),
    "Length": partial(_of_text, _characters),
}
"""What is computed, by the name of the expression in sqlglot's tree."""
