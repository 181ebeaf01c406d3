"""Tables in memory as columns by name: data frames of any library, mappings, arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from onnxpipe.check.arrow import from_arrow, padded
from onnxpipe.core.table import NONE
from onnxpipe.errors import BadInput

Array = np.ndarray[Any, Any]
Rows = dict[str, Array]

MATRIX = "X"
"""The name of the one column that a plain matrix is."""

_NUMBERS = (bool, int, float, Decimal, np.bool_, np.integer, np.floating)


def as_rows(table: Any, wanted: Collection[str] = ()) -> Rows:
    """The columns of a table in memory: a mapping, a pandas or polars DataFrame, a pyarrow Table,
    a structured array, a list of dictionaries, or a matrix (one column ``X``): also a list of lists of text.

    Of a table that has all columns that are ``wanted``, only those are looked at, whatever others hold.
    Raises BadInput for a name that is there twice.
    """
    table = _in_memory(table)
    if isinstance(table, Mapping):
        kept = _kept(list(map(str, table)), wanted)
        return {str(name): column_of(column) for name, column in table.items() if str(name) in kept}
    if hasattr(table, "column_names"):
        kept = _kept(table.column_names, wanted)
        table = table.select([i for i, name in enumerate(table.column_names) if name in kept])
        return {name: settled(column) for name, column in from_arrow(table).items()}
    if hasattr(table, "columns"):
        return _frame(table, wanted)
    if isinstance(table, (list, tuple)) and table and all(isinstance(row, Mapping) for row in table):
        return _records(table)
    array = _array(table)
    if array.dtype.names:
        return {name: settled(array[name]) for name in array.dtype.names}
    return {MATRIX: settled(array)}


def _in_memory(table: Any) -> Any:
    """The table as it is, polars' lazy frames computed and Arrow's batches as tables."""
    kind = type(table).__name__
    if kind == "LazyFrame":
        return table.collect()
    if kind == "RecordBatch":
        import pyarrow as pa

        return pa.Table.from_batches([table])
    return table


def _kept(names: Collection[str], wanted: Collection[str]) -> set[str]:
    """The wanted names where all of them are there, else all names."""
    return set(wanted) if wanted and set(wanted) <= set(names) else set(names)


def _frame(frame: Any, wanted: Collection[str]) -> Rows:
    kept = _kept([str(name) for name in frame.columns], wanted)
    names = [str(name) for name in frame.columns if str(name) in kept]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"column {', '.join(twice)} is there more than once")
    return {str(name): column_of(frame[name]) for name in frame.columns if str(name) in kept}


def column_of(column: Any) -> Array:
    """One column of a data frame, or what can be made an array, as scikit-learn's estimators see it.

    Types that have room for a missing value (pandas' own, Arrow's) are floats to them, whether or not a
    value is missing; so are polars' 32-bit floats. Source: check_array of sklearn/utils/validation.py.
    """
    kind = getattr(getattr(column, "dtype", None), "kind", "O")
    if hasattr(column, "isna") and not isinstance(column.dtype, np.dtype) and kind in "iufb":
        if hasattr(column, "sparse"):
            return np.asarray(column)
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    array = settled(_array(column))
    own = type(getattr(column, "dtype", array.dtype)).__name__
    widened = {"CategoricalDtype": array.dtype.kind == "b", "Float32": array.dtype == np.float32}
    return array.astype(np.float64) if widened.get(own, False) else array


def _array(values: Any) -> Array:
    """An array of what may be lists of text and numbers: each cell as it is. numpy's own text would lose
    the NULs that it ends with, and numbers beside text would become text.

    Raises BadInput for rows of numbers of different lengths.
    """
    if hasattr(values, "dtype"):
        array = np.asarray(values)
        return _lists(array.tolist()) if array.dtype.kind == "O" and _are_lists(array) else array
    if isinstance(values, (list, tuple)) and _are_lists(values) and _is_uneven(values):
        return _lists(values)
    array = np.asarray(values)
    return np.asarray(values, object) if array.dtype.kind == "U" else array


def _are_lists(values: Any) -> bool:
    return len(values) > 0 and all(isinstance(value, (list, tuple, set, frozenset)) for value in values)


def _is_uneven(rows: Any) -> bool:
    return len({*map(len, rows)}) > 1 or any(isinstance(row, (set, frozenset)) for row in rows)


def _lists(rows: Any) -> Array:
    """Lists of text as ``[N, longest]``, filled up on the right with the empty text."""
    array = padded([list(row) for row in rows])
    if array.dtype.kind != "O" and len({*map(len, rows)}) > 1:
        raise BadInput(
            f"rows of different lengths, from {min(map(len, rows))} to {max(map(len, rows))}",
            remedy="Fill the shorter ones up on the right; sets of labels, with what is no label.",
        )
    return array


def _records(rows: Any) -> Rows:
    """Rows that are dictionaries, by key; a key that a row lacks is missing there."""
    keys = dict.fromkeys(key for row in rows for key in row)
    columns = {str(key): np.empty(len(rows), object) for key in keys}
    for key in keys:
        columns[str(key)][:] = [row.get(key) for row in rows]
    return {name: settled(column) for name, column in columns.items()}


def notes(table: Any) -> dict[str, str]:
    """What the columns of a data frame tell beyond their arrays: a type of less precision than the array's,
    or ``None`` where a missing value is None instead of NaN.
    """
    if not hasattr(table, "columns") or hasattr(table, "column_names"):
        return {}
    return {str(name): note for name in table.columns if (note := _note(table[name]))}


def _note(column: Any) -> str:
    own = getattr(column, "dtype", None)
    if isinstance(own, np.dtype) and own.kind != "O":
        return ""
    if str(own).removesuffix("[pyarrow]") in _NARROW:
        return str(own)
    array = np.asarray(column)
    missing = [cell for cell in array.ravel().tolist() if is_missing(cell)] if array.dtype.kind == "O" else []
    return NONE if missing and all(cell is None for cell in missing) else ""


_NARROW = (
    *("Int8", "Int16", "UInt8", "UInt16", "Float32", "boolean"),
    *("int8", "int16", "uint8", "uint16", "float", "float32", "halffloat", "bool"),
)
"""Types of pandas, Arrow and polars in which functions are computed with less than double precision."""


def settled(array: Array) -> Array:
    """Text in object arrays, and numbers in object arrays (None, NaN and NA among them) as numbers."""
    if array.dtype.kind == "U":
        return array.astype(object)
    if array.dtype.kind != "O":
        return array
    values = array.ravel().tolist()
    present = [value for value in values if not is_missing(value)]
    if not present or not all(isinstance(value, _NUMBERS) for value in present):
        return array
    return _numbers(values, present).reshape(array.shape)


def _numbers(values: list[Any], present: list[Any]) -> Array:
    """Truths and whole numbers as such where none is missing, else floats."""
    if len(present) == len(values):
        if all(isinstance(value, (bool, np.bool_)) for value in present):
            return np.array(values, np.bool_)
        if all(isinstance(value, (int, np.integer)) and abs(int(value)) < 2**63 for value in present):
            return np.array(values, np.int64)
    return np.array([np.nan if is_missing(value) else float(value) for value in values])


def is_missing(value: Any) -> bool:
    """Whether a cell holds no value: None, NaN, pandas' NA or NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    differs = value != value  # of lists in a cell no single truth
    return isinstance(differs, (bool, np.bool_)) and bool(differs)
