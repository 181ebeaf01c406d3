"""SQL statements over the columns, those of ``SELECT ... FROM __THIS__``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from onnxpipe.adapters.spark import kinds, sql_arithmetic, sql_logic, sql_values
from onnxpipe.adapters.spark.columns import held
from onnxpipe.adapters.spark.sql_scope import Scope, evaluated, written
from onnxpipe.core.apply import recorded, require
from onnxpipe.core.frame import Column, Frame, table_of
from onnxpipe.core.ops import batch_size, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.errors import BadInput, MissingExtra

_RULES = {**sql_values.RULES, **sql_arithmetic.RULES, **sql_logic.RULES}
_TEXTUAL = ("Concat", "DPipe", "Lower", "Upper", "Length", "Trim", "Like", "Substring")
"""Expressions whose columns are texts."""
_BESIDE = ("EQ", "NEQ", "In", "NullSafeEQ", "Coalesce", "Case", "If", "Nullif")
"""Expressions whose columns are texts where a text stands beside them."""


def parsed(stage: Stage) -> Any:
    """The statement's tree. Raises MissingExtra without sqlglot, Unsupported for more than one table."""
    try:
        tree = _tree(stage.statement)
    except ModuleNotFoundError:
        raise MissingExtra("sqlglot", "spark", where=stage.path) from None
    if tree is None:
        raise stage.unsupported(f"has the statement {stage.statement!r}, which can't be read")
    parts = {name for name, value in tree.args.items() if value}
    source = tree.args.get("from_") or tree.args.get("from")
    if type(tree).__name__ != "Select" or source is None or source.this.sql().strip("`") != "__THIS__":
        raise stage.unsupported(f"has the statement {stage.statement!r}, which doesn't select from __THIS__")
    if more := parts - {"expressions", "from", "from_", "where", "kind"}:
        raise stage.unsupported(f"has the statement {stage.statement!r} with {', '.join(sorted(more))}")
    if "try_cast" in stage.statement.lower():
        raise stage.unsupported("casts with try_cast, which isn't told from cast")
    return tree


@lru_cache(maxsize=64)
def _tree(statement: str) -> Any:
    """The tree of a statement, read once for all that is asked of it; None where it can't be read."""
    import sqlglot

    try:
        return sqlglot.parse_one(statement, read="spark")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None


def _items(stage: Stage) -> Iterator[tuple[str, Any]]:
    """The selected columns that are computed, by name. Raises Unsupported for one without."""
    for item in parsed(stage).expressions:
        kind = type(item).__name__
        if kind == "Alias":
            yield item.alias, item.this
        elif kind not in ("Column", "Star"):
            raise stage.unsupported(f"selects {item.sql('spark')} without a name: add AS name")


def _columns(stage: Stage) -> dict[str, Any]:
    """The columns that are computed with, by name in small letters, each as it is first read."""
    where = parsed(stage).args.get("where")
    trees = [tree for _, tree in _items(stage)] + ([where.this] if where else [])
    found: dict[str, Any] = {}
    for tree in trees:
        for node in tree.find_all(_column_type()):
            key = node.name.casefold()
            if key not in found or _is_text(node):
                found[key] = node
    return found


def _column_type() -> Any:
    from sqlglot import exp

    return exp.Column


def _is_text(node: Any) -> bool:
    """Whether a column stands where only a text can."""
    above = node.parent
    kind = type(above).__name__
    if kind in _TEXTUAL:
        return True
    beside = list(above.iter_expressions()) if kind in _BESIDE else []
    return any(type(each).__name__ == "Literal" and each.is_string for each in beside)


def _read(stage: Stage) -> Sequence[str]:
    return tuple(node.name for node in _columns(stage).values())


def _wanted(stage: Stage) -> Sequence[str]:
    return [kinds.TEXT if _is_text(node) else kinds.NUMBER for node in _columns(stage).values()]


def _added(stage: Stage) -> Sequence[str]:
    return [name for name, _ in _items(stage)]


@converts("pyspark.ml.feature.SQLTransformer", reads=_read, columns=_wanted, adds=_added)
def sql_transformer(stage: Stage, frame: Frame) -> Frame:
    """The selected columns; rows that ``WHERE`` leaves out are refused, as a graph can't leave out any."""
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
        holds = op.squeeze(evaluated(where.this, Scope(stage, frame, _RULES)).var, const([1]))
        chosen = {
            n: Column(require(stage.context, c.var, holds), c.vector, c.lengths) for n, c in chosen.items()
        }
    read = [held(frame, name) for name in _read(stage)]
    recorded(stage, table_of(read), {name: chosen[name].var for name in added})
    return chosen


def _computed(stage: Stage, frame: Frame) -> Mapping[str, Column]:
    """The computed columns ``[N, 1]``."""
    made = {}
    for name, tree in _items(stage):
        var = written(evaluated(tree, Scope(stage, frame, _RULES)), tree, stage)
        if shape_of(var)[0] == 1:
            if not frame:
                raise stage.unsupported("reads no column, so that nothing tells how many rows there are")
            rows = batch_size(next(iter(frame.values())).var)
            var = op.expand(var, op.concat([rows, const([1])], axis=0))
        made[name] = Column(op.reshape(var, const([-1, 1])))
    return made
