"""Where expressions of SQL are computed, and how values come to one type.

Formulas: AnsiTypeCoercion.scala in org/apache/spark/sql/catalyst/analysis. Spark 4 refuses what can't be
computed, such as a division by 0 (ANSI SQL), where Spark 3 answered null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onnxpipe.blocks import nullable
from onnxpipe.blocks.nullable import Value
from onnxpipe.core.frame import Frame
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is computed.

    ``rules`` compute the expressions inside it, by their names in sqlglot's tree; ``active`` (bool)
    marks the rows in which it counts, None: all.
    """

    stage: Stage
    frame: Frame
    rules: Mapping[str, Rule]
    active: Var | None = None

    @property
    def strict(self) -> bool:
        """Whether what can't be computed is refused."""
        return self.since(4, 0)

    def since(self, *version: int) -> bool:
        """Whether the stage was saved by at least this version of Spark: ``since(4, 3)``."""
        parts = str(self.stage.sparkVersion).split(".")
        return tuple(int(part) for part in parts[: len(version)] if part.isdigit()) >= version

    def only(self, condition: Var) -> Scope:
        """The same where a condition holds too."""
        return replace(self, active=condition if self.active is None else op.and_(self.active, condition))

    def require(self, x: Var, valid: Var) -> Var:
        """``x`` where ``valid`` holds in all rows that count; the others are refused."""
        bad = op.not_(valid) if self.active is None else op.and_(self.active, op.not_(valid))
        return refuse(self.stage.context, x, op.reshape(bad, const([-1])))


Rule = Callable[[Any, "Scope"], Value]
"""What computes an expression: its node and where it is computed, to its value."""


def evaluated(node: Any, scope: Scope) -> Value:
    """The value of an expression. Raises Unsupported for one that isn't known."""
    name = type(node).__name__
    rule = scope.rules.get(str(node.name).lower() if name == "Anonymous" else name)
    if rule is None:
        raise unknown(node, scope)
    return rule(node, scope)


def written(value: Value, node: Any, stage: Stage) -> Var:
    """A value as a column. Raises Inexact for truths and whole numbers that may be missing."""
    if value.null is not None and value.kind in "bi":
        raise stage.inexact(
            f"computes {node.sql('spark')}, which may be null, as no truth or whole number in a graph can be",
            "Say what stands for null, with coalesce, or cast it to double.",
        )
    return nullable.written_out(value, stage.options.missing_string)


def unknown(node: Any, scope: Scope) -> Exception:
    return scope.stage.unsupported(f"computes {node.sql('spark')}, which isn't among what is converted")


def together(node: Any, scope: Scope, values: Sequence[Value]) -> list[Value]:
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


def operands(node: Any, scope: Scope) -> list[Value]:
    return together(node, scope, [evaluated(node.this, scope), evaluated(node.expression, scope)])
