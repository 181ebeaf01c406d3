"""Rows from files and from tables in memory: columns by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from onnxpipe.check.arrow import from_arrow
from onnxpipe.errors import BadInput, Unreadable

Array = np.ndarray[Any, Any]
Rows = dict[str, Array]

MATRIX = "X"
"""The name of the one column that a plain matrix is."""

_NULLS = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"]
_NULLS += ["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
"""What a CSV file says for a missing value: pandas.read_csv's own list (2.2)."""


def load_rows(path: str | Path) -> Rows:
    """The columns of a CSV, Parquet, JSON lines, ``.npy`` or ``.npz`` file, each ``[N]`` or ``[N, d]``.

    Missing numbers are NaN, missing text is None; text is in object arrays. Kinds are recognised
    from the bytes. Raises Unreadable for a damaged file, BadInput for columns that aren't a table.
    """
    path = Path(path)
    if not path.exists():
        raise Unreadable("no such file", where=str(path))
    try:
        return _even(_reader(path)(path), path)
    except BadInput as error:
        error.where = error.where or str(path)
        raise
    except (ValueError, OSError, KeyError, EOFError, BadZipFile) as error:
        # pyarrow's errors are ValueErrors and OSErrors.
        raise Unreadable(f"can't be read as rows: {_first_line(error)}", where=str(path)) from None


def _reader(path: Path) -> Callable[[Path], Rows]:
    if path.is_dir():
        return _parquet
    with path.open("rb") as file:
        head = file.read(64)
    for magic, reader in ((b"PAR1", _parquet), (b"\x93NUMPY", _npy), (b"PK\x03\x04", _npz)):
        if head.startswith(magic):
            return reader
    return _json if head.lstrip().startswith((b"{", b"[")) else _csv


def _csv(path: Path) -> Rows:
    from pyarrow import csv

    parse = csv.ParseOptions(delimiter="\t" if path.suffix == ".tsv" else ",", newlines_in_values=True)

    def read(types: Mapping[str, Any]) -> Any:
        convert = csv.ConvertOptions(null_values=_NULLS, strings_can_be_null=True, column_types=types)
        return csv.read_csv(path, parse_options=parse, convert_options=convert)

    return from_arrow(_without_dates(read))


def _json(path: Path) -> Rows:
    import pyarrow as pa
    from pyarrow import json as arrow_json

    text = path.read_bytes()
    if text.lstrip().startswith(b"["):
        return from_arrow(pa.Table.from_pylist(json.loads(text)))

    def read(types: Mapping[str, Any]) -> Any:
        schema = pa.schema(list(types.items())) if types else None
        return arrow_json.read_json(path, parse_options=arrow_json.ParseOptions(explicit_schema=schema))

    return from_arrow(_without_dates(read))


def _without_dates(read: Callable[[Mapping[str, Any]], Any]) -> Any:
    """A table whose text stays text: pyarrow takes what looks like a date for one."""
    import pyarrow as pa

    table = read({})
    dates = {field.name: pa.string() for field in table.schema if pa.types.is_temporal(field.type)}
    return read(dates).select(table.column_names) if dates else table


def _parquet(path: Path) -> Rows:
    from pyarrow import parquet

    return from_arrow(parquet.read_table(path))


def _npy(path: Path) -> Rows:
    array = np.load(path, allow_pickle=False)
    if array.dtype.names:
        return {name: _textual(array[name]) for name in array.dtype.names}
    return {MATRIX: _textual(array)}


def _npz(path: Path) -> Rows:
    with np.load(path, allow_pickle=False) as archive:
        return {name: _textual(archive[name]) for name in archive.files}


def _textual(array: Array) -> Array:
    return array.astype(object) if array.dtype.kind == "U" else array


def _even(rows: Rows, path: Path) -> Rows:
    lengths = {len(column) if column.ndim else -1 for column in rows.values()}
    if len(lengths) != 1 or -1 in lengths:
        told = ", ".join(f"{name} {column.shape}" for name, column in rows.items()) or "no columns"
        raise BadInput(f"its columns are no table: {told}", where=str(path))
    return rows


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def as_rows(table: Any) -> Rows:
    """The columns of a table in memory: a mapping, a pandas or polars DataFrame, a pyarrow Table,
    a structured array, or a matrix (one column ``X``).
    """
    if isinstance(table, Mapping):
        return {str(name): np.asarray(column) for name, column in table.items()}
    if hasattr(table, "column_names"):
        return from_arrow(table)
    if hasattr(table, "columns"):
        return {str(name): _series(table[name]) for name in table.columns}
    array = np.asarray(table)
    if array.dtype.names:
        return {name: _textual(array[name]) for name in array.dtype.names}
    return {MATRIX: _textual(array)}


def _series(column: Any) -> Array:
    """One column of a data frame; pandas' own number types become numpy's, with NaN for gaps."""
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype) or kind not in "iufb":
        return np.asarray(column)
    if column.isna().any():
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    return np.asarray(column.to_numpy(column.dtype.numpy_dtype))
