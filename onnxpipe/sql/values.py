"""Columns, constants, casts and texts in SQL.

Formulas: Cast.scala and stringExpressions.scala in org/apache/spark/sql/catalyst/expressions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np

from onnxpipe.blocks import nullable, text
from onnxpipe.blocks.characters import Spelling, respelled
from onnxpipe.blocks.contrib import code_points
from onnxpipe.blocks.nullable import Value
from onnxpipe.core.frame import held
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.sql.arithmetic import within
from onnxpipe.sql.scope import Rule, Scope, evaluated, unknown


def _column(node: Any, scope: Scope) -> Value:
    found = held(scope.frame, node.name)
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


def _inner(node: Any, scope: Scope) -> Value:
    return evaluated(node.this, scope)


def _cast(node: Any, scope: Scope) -> Value:
    """To double, from numbers and truths; to int and bigint, refused where it doesn't fit; to boolean."""
    a, to = evaluated(node.this, scope), node.to.sql("spark").upper()
    if a.kind == "U" and to != "STRING":
        raise unknown(node, scope)
    if to in ("DOUBLE", "BOOLEAN"):
        return Value(cast(a.var, np.float64 if to == "DOUBLE" else np.bool_), a.null)
    if to == "STRING" and a.kind in "iU":
        return Value(cast(a.var, np.str_), a.null)
    if to not in ("INT", "BIGINT") or not scope.strict:
        raise unknown(node, scope)
    if a.kind != "f":
        if to == "INT" and dtype_of(a.var) == np.int64:
            raise unknown(node, scope)
        return Value(cast(a.var, np.int32 if to == "INT" else np.int64), a.null)
    end = float(2**31 if to == "INT" else 2**63)
    whole = cast(
        op.where(op.less(a.var, const(0, dtype_of(a.var))), op.ceil(a.var), op.floor(a.var)), np.float64
    )
    fits = within(whole, end)
    made = nullable.as_long(whole)
    fine = fits if a.null is None else op.or_(fits, a.null)
    return Value(cast(scope.require(made, fine), np.int32 if to == "INT" else np.int64), a.null)


def _joined(node: Any, scope: Scope) -> Value:
    parts = node.expressions or [node.this, node.expression]
    values = [evaluated(part, scope) for part in parts]
    if any(value.kind != "U" for value in values):
        raise unknown(node, scope)
    return Value(reduce(op.string_concat, [value.var for value in values]), nullable.missing(values))


def _of_text(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    a = evaluated(node.this, scope)
    if a.kind != "U":
        raise unknown(node, scope)
    flat = op.reshape(a.var, const([-1]))
    return replace(a, var=op.reshape(text.padded(flat, compute), const([-1, 1])))


def _characters(texts: Var) -> Var:
    there = op.not_(op.equal(code_points(texts), const("")))
    return cast(op.reduce_sum(cast(there, np.int64), const([1]), keepdims=0), np.int32)


RULES: dict[str, Rule] = {
    "Column": _column,
    "Literal": _literal,
    "Boolean": _boolean,
    "Paren": _inner,
    "Cast": _cast,
    "TryCast": _cast,
    "Concat": _joined,
    "DPipe": _joined,
    "Lower": partial(_of_text, lambda texts: respelled(texts, Spelling())),
    "Length": partial(_of_text, _characters),
}
"""What is computed, by the name of the expression in sqlglot's tree."""
