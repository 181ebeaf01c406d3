"""What fitted categories are to a graph: text or numbers, and which of them stands for "missing"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.pickles import Global
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, concat, is_string, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Check, Table
from onnxpipe.core.units import is_unit
from onnxpipe.errors import BadInput

Array = NDArray[Any]


def kind(values: Any) -> str:
    """The signature dtype of a column of these values: string, bool, int64, float64, or a unit of dates.

    Raises BadInput for categories that are neither text nor numbers.
    """
    values = np.asarray(values)
    if values.dtype.kind in "mM":
        return str(values.dtype)
    if values.dtype.kind != "O":
        return {"U": "string", "b": "bool", "i": "int64", "u": "int64"}.get(values.dtype.kind, "float64")
    present = [value for value in values.ravel() if not is_nan_or_none(value)]
    if not present or any(isinstance(value, str) for value in present):
        return "string"
    found = np.array(present)
    if found.dtype.kind not in "biuf":
        held = getattr(present[0], "kind", type(present[0]).__name__)
        raise BadInput(
            f"there are {held} objects among the categories, which no graph input can hold",
            remedy="Make text of them before fitting, or, of dates without a time zone, datetime64 in a step "
            "of their own.",
        )
    return "float64" if len(present) < values.size else kind(found)


_LARGEST = np.iinfo(np.int64).max


def is_nan_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))


def keys(stage: Stage, values: Any) -> Array:
    """Categories as a graph meets them: missing ones are NaN, or for text the missing string.

    Raises BadInput where the missing string is itself a category, Inexact where None and NaN
    are two categories.
    """
    values = np.asarray(values)
    if values.dtype.kind in "mM":
        return np.asarray(values.astype(np.int64))
    if values.dtype.kind not in "OUbiuf" or (values.dtype == np.uint64 and (values > _LARGEST).any()):
        raise stage.unsupported(f"has categories of {values.dtype}, which no graph input can hold")
    missing = np.array([is_nan_or_none(value) for value in values], bool)
    if missing.sum() > 1:
        raise stage.inexact("tells None from NaN, which both travel as the same missing value")
    if kind(values) != "string":
        numbers = [np.nan if gone else value for value, gone in zip(values, missing, strict=True)]
        return np.array(numbers, np.int64 if kind(values) in ("int64", "bool") else np.float64)
    marker = stage.options.missing_string
    if marker in values[~missing].tolist():
        raise BadInput(
            f"{marker!r} is a category, but also what stands for a missing text",
            where=stage.path,
            remedy="Choose a text that occurs nowhere: --missing-string TEXT",
        )
    # Objects: numpy's own text type drops trailing NULs.
    return np.array([marker if g else str(v) for v, g in zip(values, missing, strict=True)], object)


def finite(stage: Stage, x: Table, where: Sequence[int], text: bool) -> Var:
    """``matrix`` of the columns ``where``, infinities refused in those that were numbers when fitted: in
    columns of objects they are as unknown as any other value.
    """
    values = matrix(stage, x, text)
    strict = [np.asarray(stage.categories_[i]).dtype.kind in "fiu" for i in where]
    if not x.risky or not any(strict):
        return values
    if all(strict):
        return guarded(stage.context, values, Check.INFINITE)
    parts = [take_columns(values, [i]) for i in range(len(where))]
    pairs = zip(parts, strict, strict=True)
    return concat([guarded(stage.context, v, Check.INFINITE) if s else v for v, s in pairs], 1)


def present(values: Any) -> list[Any]:
    """The categories that aren't missing, dates as counts of their unit."""
    values = np.asarray(values)
    if values.dtype.kind in "mM":
        return list(values[~np.isnat(values)].astype(np.int64))
    return [value for value in values if not is_nan_or_none(value)]


def met(stage: Stage, values: Any) -> Array:
    """bool ``[c]``: the categories that a value can be equal to. No date is missing's (NaT's) equal, though
    it is among the categories: since 1.6 scikit-learn looks dates up in a dictionary.
    """
    values = np.asarray(values)
    if values.dtype.kind in "mM" and saved_since(stage, 1, 6):
        return np.asarray(~np.isnat(values))
    return np.ones(len(values), bool)


def matrix(stage: Stage, x: Table, text: bool) -> Var:
    """The columns as one matrix of text, or of numbers in their own dtype.

    Raises BadInput where one kind arrives and the other was fitted.
    """
    if not text and x.has_strings:
        raise BadInput("text arrives where numbers were fitted", where=stage.path)
    if text and any(not is_string(block.read()) for block in x.blocks):
        raise BadInput("numbers arrive where text was fitted", where=stage.path)
    return x.matrix()


def refuse_other_dates(stage: Stage, x: Table, kinds: Sequence[str]) -> None:
    """Raise BadInput for dates where no dates, or those of another unit, were fitted."""
    arriving = (block.note if is_unit(block.note) else "" for block in x.blocks for _ in range(block.width))
    for unit, kind in zip(arriving, kinds, strict=True):
        if unit and unit != kind:
            raise BadInput(
                f"{unit} arrives where {kind} was fitted",
                where=stage.path,
                remedy="Give dates a step of their own, or make numbers or text of them before.",
            )


def split(text: Sequence[bool]) -> list[tuple[bool, list[int]]]:
    """(whether text, column positions) of the text columns and of the number columns, empty ones left out."""
    groups = [(side, [i for i, is_text in enumerate(text) if is_text == side]) for side in (True, False)]
    return [(side, where) for side, where in groups if where]


def apart(kinds: Sequence[str]) -> list[tuple[bool, list[int]]]:
    """``split`` by the kinds of columns' categories, with dates apart from numbers."""
    sides = ["string", *sorted({kind for kind in kinds if is_unit(kind)}), ""]
    sorts = [kind if kind in sides else "" for kind in kinds]
    groups = [(side == "string", [i for i, sort in enumerate(sorts) if sort == side]) for side in sides]
    return [(text, where) for text, where in groups if where]


def text_columns(x: Table) -> list[bool]:
    """Per column, whether it holds text."""
    return [is_string(block.read()) for block in x.blocks for _ in range(block.width)]


_PYTHON = {"int": np.int64, "float": np.float64, "bool": np.bool_}


def numpy_type(value: Any) -> np.dtype[Any]:
    """The numpy dtype that a ``dtype=`` parameter was saved as: a type, a dtype or a name."""
    name = value.kind.rpartition(".")[2] if isinstance(value, Global) else value
    return np.dtype(_PYTHON.get(name, name) if isinstance(name, str) else name)
