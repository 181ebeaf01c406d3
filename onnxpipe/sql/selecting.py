"""The columns that a statement of SQL selects, computed as Spark SQL computes them."""

from __future__ import annotations

from collections.abc import Mapping

from onnxpipe.core.apply import recorded
from onnxpipe.core.frame import Column, Frame, held, table_of
from onnxpipe.core.guards import require
from onnxpipe.core.ops import batch_size, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.errors import BadInput
from onnxpipe.sql import arithmetic, functions, logic, texts, values
from onnxpipe.sql.scope import Scope, evaluated, written
from onnxpipe.sql.statement import items, parsed, reads

RULES = {**values.RULES, **texts.RULES, **arithmetic.RULES, **functions.RULES, **logic.RULES}
"""What is computed, by the name of the expression in sqlglot's tree."""


def selected(stage: Stage, frame: Frame) -> Frame:
    """The columns that a stage's ``statement`` selects; rows that ``WHERE`` leaves out are refused."""
    tree, added = parsed(stage), _computed(stage, frame)
    names = {name.casefold() for name in frame}
    chosen: dict[str, Column] = {}
    for item in tree.expressions:
        if type(item).__name__ == "Star":
            chosen.update(frame)
        elif type(item).__name__ == "Column" and item.name.casefold() in names:
            chosen[item.name] = held(frame, item.name)
        elif item.alias in added:
            if item.alias in chosen:
                raise BadInput(f"it makes a second column {item.alias}")
            chosen[item.alias] = added[item.alias]
    if where := tree.args.get("where"):
        holds = op.squeeze(evaluated(where.this, Scope(stage, frame, RULES)).var, const([1]))
        chosen = {
            n: Column(require(stage.context, c.var, holds), c.vector, c.lengths) for n, c in chosen.items()
        }
    read = [held(frame, name) for name in reads(stage)]
    recorded(stage, table_of(read), {name: chosen[name].var for name in added})
    return chosen


def _computed(stage: Stage, frame: Frame) -> Mapping[str, Column]:
    """The computed columns ``[N, 1]``."""
    made = {}
    for name, tree in items(stage):
        var = written(evaluated(tree, Scope(stage, frame, RULES)), tree, stage)
        if shape_of(var)[0] == 1:
            if not frame:
                raise stage.unsupported("reads no column, so that nothing tells how many rows there are")
            rows = batch_size(next(iter(frame.values())).var)
            var = op.expand(var, op.concat([rows, const([1])], axis=0))
        made[name] = Column(op.reshape(var, const([-1, 1])))
    return made
