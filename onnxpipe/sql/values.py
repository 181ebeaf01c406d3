"""Columns, constants and casts in SQL.

Formulas: Cast.scala in org/apache/spark/sql/catalyst/expressions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.blocks import nullable
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


_PLAINLY = {"DOUBLE": np.float64, "FLOAT": np.float32, "BOOLEAN": np.bool_}


def _cast(node: Any, scope: Scope) -> Value:
    """To double, float and boolean; to int and bigint, refused where it doesn't fit."""
    a, to = evaluated(node.this, scope), node.to.sql("spark").upper()
    if a.kind == "U" and to != "STRING":
        raise unknown(node, scope)
    if to in _PLAINLY:
        return Value(cast(a.var, _PLAINLY[to]), a.null)
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


RULES: dict[str, Rule] = {
    "Column": _column,
    "Literal": _literal,
    "Boolean": _boolean,
    "Paren": _inner,
    "Cast": _cast,
    "TryCast": _cast,
}
"""What is computed, by the name of the expression in sqlglot's tree."""
