"""Columns of a table chosen, computed, encoded and put side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from onnxpipe.blocks.categorical import indicators
from onnxpipe.components.parameters import Classes, File, Names
from onnxpipe.components.registry import Outputs, component
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var, cast, concat, const, dtype_of, is_string, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadManifest
from onnxpipe.sql.selecting import selected
from onnxpipe.sql.statement import parsed, reads, wants

_KIND = "pyspark.ml.feature.SQLTransformer"
_SQL = "4.1.0"
"""The version of Spark as which SQL is computed."""


def _opened(given: Mapping[str, Any]) -> Mapping[str, Port]:
    """The columns that expressions read, in the types that they are read in or given in."""
    stage = _stage(given.get("select", ""), given.get("file"))
    types = _read(stage)
    for each in given.get("types", ()):
        name, _, dtype = each.partition(":")
        if name not in types:
            raise BadManifest(f"types names {name}, which isn't read", remedy=f"Read are: {', '.join(types)}")
        types[name] = dtype
    return {name: Port(name, dtype, ("N", 1)) for name, dtype in types.items()}


def _read(stage: Stage) -> dict[str, str]:
    """The dtype names of the columns that a statement computes with or passes on."""
    passed = [item.name for item in parsed(stage).expressions if type(item).__name__ == "Column"]
    return {**dict.fromkeys(passed, "float64"), **dict(zip(reads(stage), wants(stage), strict=True))}


@component(opens=_opened, name="sql")
def expressions(
    columns: Mapping[str, Var], *, select: str = "", file: File = None, types: Names = ()
) -> Outputs:
    """The columns that ``SELECT`` makes of those before it: ``select=a / b AS ratio``, or those of ``file``.

    As Spark SQL (ANSI) computes: arithmetic, comparisons, ``CASE``, ``coalesce``, ``cast``, common
    functions. Alone, it takes text where a text must be, else float64: ``types=n:int64|a:float32``.
    """
    stage = _stage(select, file)
    if missing := sorted(_read(stage).keys() - columns.keys()):
        raise BadManifest(
            f"there is no column {missing[0]} before it", remedy=f"There are: {', '.join(columns) or 'none'}"
        )
    made = selected(stage, {name: _column(var) for name, var in columns.items()})
    return {name: column.var for name, column in made.items()}


def _stage(select: str, file: Path | None) -> Stage:
    if (file is None) == (not select):
        raise BadManifest(
            "it needs select=EXPRESSION AS NAME, or file=columns.sql with what stands behind SELECT"
        )
    try:
        items = file.read_text("utf-8") if file else select
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{file} can't be read: {error}") from None
    text = items.strip().rstrip(";").removeprefix("SELECT ")
    statement = text if " from " in text.lower() else f"{text} FROM __THIS__"
    return Stage(_KIND, "sql", {"statement": f"SELECT {statement}", "sparkVersion": _SQL})


def _column(x: Var) -> Column:
    if len(shape_of(x)) == 1:
        x = shaped(op.reshape(x, const([-1, 1])), shape_of(x)[0], 1)
    return Column(x, vector=shape_of(x)[1] != 1)


@component()
def select(values: Mapping[str, Var], *, columns: Names) -> Outputs:
    """The outputs of the part before that ``columns`` names, in this order: ``df[["a", "b"]]``."""
    return {name: _named(values, name) for name in columns}


def _named(values: Mapping[str, Var], name: str) -> Var:
    if name not in values:
        raise BadManifest(f"there is no {name} before it", remedy=f"There are: {', '.join(values) or 'none'}")
    return values[name]


@component()
def assemble(values: Mapping[str, Var], *, columns: Names = (), dtype: str = "float32") -> Outputs:
    """``X`` ``[N, d]``: numbers ``[N]``, ``[N, 1]`` or ``[N, k]`` side by side, or those of ``columns``."""
    parts = [_column(_named(values, name)).var for name in columns or tuple(values)]
    if text := [name for name, part in zip(columns or values, parts, strict=True) if is_string(part)]:
        raise BadManifest(f"{text[0]} is text", remedy="Encode it before: onehot, lookup.")
    if dtype not in ("float32", "float64"):
        raise BadManifest(f"dtype can't be {dtype!r}", remedy="It is float32 or float64.")
    return {"X": concat([cast(part, np.dtype(dtype)) for part in parts], 1)}


@component()
def onehot(value: Var, *, classes: Classes = None, dtype: str = "float32") -> Outputs:
    """``encoded`` ``[N, k]``: 1 in the column of the class that ``value`` ``[N]`` or ``[N, 1]`` is, else 0.

    ``pandas.get_dummies`` of the categories ``classes``: a value that is none of them has no 1.
    """
    if classes is None:
        raise BadManifest("it needs classes=a|b|c")
    known = _converted(np.asarray(classes), value)
    if len(np.unique(known)) < len(known):
        raise BadManifest("a class stands there twice")
    column = op.reshape(value, const([-1, 1]))
    made = indicators(column, [0] * len(known), known)
    return {"encoded": shaped(cast(made, np.dtype(dtype)), shape_of(value)[0], len(known))}


def _converted(classes: Any, value: Var) -> Any:
    """Classes, which may have come as text, in the type of the column."""
    try:
        return classes.astype(object if is_string(value) else dtype_of(value))
    except ValueError:
        raise BadManifest(f"classes are no {dtype_of(value)}") from None
