"""Statements of SQL as trees, ``SELECT ... FROM __THIS__``: what they read and what they add."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from onnxpipe.core.plan import Stage
from onnxpipe.errors import MissingExtra
from onnxpipe.sql.texts import RULES

_TEXTUAL = tuple(RULES)
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
    if inner := [node for node in tree.find_all(_column_type()) if node.table not in ("", "__THIS__")]:
        raise stage.unsupported(
            f"reads {inner[0].sql('spark')}, a field of a column of structs, which no graph has"
        )
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


def items(stage: Stage) -> Iterator[tuple[str, Any]]:
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
    trees = [tree for _, tree in items(stage)] + ([where.this] if where else [])
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


def reads(stage: Stage) -> Sequence[str]:
    """The names of the columns that are computed with."""
    return tuple(node.name for node in _columns(stage).values())


def wants(stage: Stage) -> Sequence[str]:
    """Their dtype names: text where a text must stand, else float64."""
    return ["string" if _is_text(node) else "float64" for node in _columns(stage).values()]


def adds(stage: Stage) -> Sequence[str]:
    """The names of the columns that are computed."""
    return [name for name, _ in items(stage)]
