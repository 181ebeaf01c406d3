"""Rows from files: columns by name, as ``check.frames`` has those of tables in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from onnxpipe.check.arrow import from_arrow
from onnxpipe.check.frames import MATRIX, Rows, as_rows, settled
from onnxpipe.errors import BadInput, Unreadable

Array = np.ndarray[Any, Any]

_ERRORS = (ValueError, OSError, KeyError, EOFError, BadZipFile, TokenError, SyntaxError, MemoryError,
           OverflowError)  # fmt: skip
"""What readers raise: pyarrow ValueErrors and OSErrors; numpy, whose headers are Python, a parser's."""
_CELLS, _PACKED = 2**27, 256
"""A file may say that it holds so many values, or so many per byte of its own; more is a bomb."""
_NULLS = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"]
_NULLS += ["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
"""What a CSV file says for a missing value: pandas.read_csv's own list (2.2)."""


def load_rows(path: str | Path, texts: Collection[str] = ()) -> Rows:
    """The columns of a CSV, Parquet, JSON lines, ``.npy`` or ``.npz`` file, each ``[N]`` or ``[N, d]``.

    Missing numbers are NaN, missing text is None; text is in object arrays. Kinds are recognised
    from the bytes. ``texts`` are columns of a CSV file that stay text where they look like numbers.
    Raises Unreadable for a damaged file, BadInput for columns that aren't a table.
    """
    path = Path(path)
    if not path.exists():
        raise Unreadable("no such file", where=str(path))
    try:
        return _even(_reader(path, texts)(path), path)
    except BadInput as error:
        error.where = error.where or str(path)
        raise
    except _ERRORS as error:
        raise Unreadable(f"can't be read as rows: {_first_line(error)}", where=str(path)) from None


def _reader(path: Path, texts: Collection[str]) -> Callable[[Path], Rows]:
    if path.is_dir():
        return _parquet
    with path.open("rb") as file:
        head = file.read(64)
    for magic, reader in ((b"PAR1", _parquet), (b"\x93NUMPY", _npy), (b"PK\x03\x04", _npz)):
        if head.startswith(magic):
            return reader
    return _json if head.lstrip().startswith((b"{", b"[")) else partial(_csv, texts=texts)


def _csv(path: Path, texts: Collection[str]) -> Rows:
    import pyarrow as pa
    from pyarrow import csv

    parse = csv.ParseOptions(delimiter="\t" if path.suffix == ".tsv" else ",", newlines_in_values=True)

    def read(types: Mapping[str, Any]) -> Any:
        types = {**dict.fromkeys(texts, pa.string()), **types}
        convert = csv.ConvertOptions(null_values=_NULLS, strings_can_be_null=True, column_types=types)
        return csv.read_csv(path, parse_options=parse, convert_options=convert)

    table = _without_dates(read)
    if strange := [field.name for field in table.schema if pa.types.is_binary(field.type)]:
        raise BadInput(f"column {strange[0]} isn't UTF-8 text", where=str(path))
    return from_arrow(table)


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

    if path.is_file():
        facts, size = parquet.read_metadata(path), path.stat().st_size
        if facts.num_rows * facts.num_columns > max(_CELLS, _PACKED * size):
            raise Unreadable(f"{size} bytes say that they hold {facts.num_rows} rows", where=str(path))
    return from_arrow(parquet.read_table(path))


def _npy(path: Path) -> Rows:
    array = np.load(path, allow_pickle=False)
    if array.dtype.names:
        return {name: settled(array[name]) for name in array.dtype.names}
    return {MATRIX: settled(array)}


def _npz(path: Path) -> Rows:
    with ZipFile(path) as members:
        size = sum(member.file_size for member in members.infolist())
    if size > max(_CELLS, _PACKED * path.stat().st_size):
        raise Unreadable(f"it unpacks to {size} bytes, as only bombs do", where=str(path))
    with np.load(path, allow_pickle=False) as archive:
        return {name: settled(np.asanyarray(archive[name])) for name in archive.files}


def _even(rows: Rows, path: Path) -> Rows:
    lengths = {len(column) if column.ndim else -1 for column in rows.values()}
    if len(lengths) != 1 or -1 in lengths:
        told = ", ".join(f"{name} {column.shape}" for name, column in rows.items()) or "no columns"
        raise BadInput(f"its columns are no table: {told}", where=str(path))
    return rows


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


__all__ = ["MATRIX", "Rows", "as_rows", "load_rows"]
