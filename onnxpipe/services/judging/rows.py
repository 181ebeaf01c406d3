"""Rows from files: columns by name, as ``check.frames`` has those of tables in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from onnxpipe.adapters.compressed import decompressed, is_compressed
from onnxpipe.check.arrow import from_arrow
from onnxpipe.check.frames import MATRIX, Rows, as_rows, settled
from onnxpipe.errors import BadInput, Refusal, Unreadable
from onnxpipe.services.natives.remote import from_url, is_url

Array = np.ndarray[Any, Any]

_ERRORS = (ValueError, OSError, KeyError, EOFError, BadZipFile, TokenError, SyntaxError, MemoryError,
           OverflowError, RecursionError, NotImplementedError, IndexError)  # fmt: skip
"""What readers raise: pyarrow ValueErrors and OSErrors; numpy, whose headers are Python, a parser's."""
_CELLS, _BYTES = 2**25, 2**28
"""A file may unpack to so many values and to so many bytes, however small it is, ..."""
_PACKED = 256
"""... or to so many per byte of its own; more is a bomb."""
_DEEPEST = 100
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NULLS = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"]
_NULLS += ["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
"""What a CSV file says for a missing value: pandas.read_csv's own list (2.2)."""


def load_rows(path: str | Path, texts: Collection[str] = ()) -> Rows:
    """The columns of a CSV, Parquet, JSON lines, ``.npy`` or ``.npz`` file, each ``[N]`` or ``[N, d]``.

    Missing numbers are NaN, missing text is None; text is in object arrays. Kinds are recognised
    from the bytes. What a URL names is copied here first. ``texts`` are columns of a CSV file that
    stay text where they look like numbers.
    Raises Unreadable for a damaged file, BadInput for columns that aren't a table.
    """
    if is_url(path):
        return from_url(str(path), partial(load_rows, texts=texts))
    path = Path(path)
    if not path.exists():
        raise Unreadable("no such file", where=str(path))
    try:
        return _even(_reader(path, texts)(path), path)
    except Refusal as error:
        error.where = error.where or str(path)
        raise
    except _ERRORS as error:
        raise Unreadable(f"can't be read as rows: {_first_line(error)}", where=str(path)) from None


def _reader(path: Path, texts: Collection[str]) -> Callable[[Path], Rows]:
    if path.is_dir():
        return _parquet
    if not path.is_file():
        raise Unreadable("neither a file nor a folder")
    with path.open("rb") as file:
        head = file.read(64)
    if is_compressed(head):
        head = bytes(_bytes(path)[:64])
    for magic, reader in ((b"PAR1", _parquet), (b"\x93NUMPY", _npy), (b"PK\x03\x04", _npz)):
        if head.startswith(magic):
            return reader
    return _json if head.lstrip().startswith((b"{", b"[")) else partial(_csv, texts=texts)


def _bytes(path: Path) -> bytes | bytearray:
    """The bytes of a file, unpacked. Raises Unreadable for a bomb: pyarrow alone would unpack it."""
    return decompressed(path.read_bytes(), floor=_BYTES // 4, ratio=100)  # text takes more as numbers


def _csv(path: Path, texts: Collection[str]) -> Rows:
    import pyarrow as pa
    from pyarrow import csv

    with path.open("rb") as file:
        packed = _bytes(path) if is_compressed(file.read(64)) else None
    size = path.stat().st_size if packed is None else len(packed)
    tabs = path.name.removesuffix(".gz").endswith(".tsv")
    parse = csv.ParseOptions(delimiter="\t" if tabs else ",", newlines_in_values=True)

    def read(types: Mapping[str, Any], block: int) -> Any:
        types = {**dict.fromkeys(texts, pa.string()), **types}
        convert = csv.ConvertOptions(null_values=_NULLS, strings_can_be_null=True, column_types=types)
        source = pa.OSFile(str(path)) if packed is None else pa.BufferReader(packed)
        return csv.read_csv(source, csv.ReadOptions(block_size=block), parse, convert)

    table = _without_dates(partial(_in_blocks, read, size))
    if strange := [field.name for field in table.schema if pa.types.is_binary(field.type)]:
        raise BadInput(f"column {strange[0]} isn't UTF-8 text")
    return from_arrow(table)


def _json(path: Path) -> Rows:
    import pyarrow as pa
    from pyarrow import json as arrow_json

    data = _bytes(path)
    if data.lstrip().startswith(b"["):
        rows = json.loads(data)
        if not all(isinstance(row, dict) for row in rows):
            raise BadInput("its rows are no objects", remedy='Write [{"column": value, ...}, ...].')
        return from_arrow(pa.Table.from_pylist(rows))
    _refuse_deep(data)

    def read(types: Mapping[str, Any], block: int) -> Any:
        schema = pa.schema(list(types.items())) if types else None
        parse = arrow_json.ParseOptions(explicit_schema=schema)
        return arrow_json.read_json(pa.BufferReader(data), arrow_json.ReadOptions(block_size=block), parse)

    return from_arrow(_without_dates(partial(_in_blocks, read, len(data))))


def _in_blocks(read: Callable[[Mapping[str, Any], int], Any], size: int, types: Mapping[str, Any]) -> Any:
    """A table read in blocks on all cores; in larger ones where a row doesn't fit into one."""
    try:
        return read(types, 2**20)
    except ValueError as error:
        if size <= 2**20 or "straddl" not in str(error):
            raise
        return read(types, min(size, _BYTES))


def _refuse_deep(data: bytes | bytearray) -> None:
    """Raise BadInput for rows nested deeper than any: pyarrow's parser (25) ends the process over them."""
    kinds = np.zeros(256, np.int8)
    kinds[list(b"[{")], kinds[list(b"]}")] = 1, -1
    steps = kinds[np.frombuffer(_QUOTED.sub(b"", data), np.uint8)]
    if int(np.cumsum(steps[steps != 0], dtype=np.int64).max(initial=0)) > _DEEPEST:
        raise BadInput(f"its rows are nested deeper than {_DEEPEST} levels")


def _without_dates(read: Callable[[Mapping[str, Any]], Any]) -> Any:
    """A table whose text stays text: pyarrow takes what looks like a date for one."""
    import pyarrow as pa

    table = read({})
    dates = {field.name: pa.string() for field in table.schema if pa.types.is_temporal(field.type)}
    return read(dates).select(table.column_names) if dates else table


def _parquet(path: Path) -> Rows:
    from pyarrow import parquet

    texts, limit = packed(path)
    table = parquet.read_table(path, read_dictionary=texts)
    refuse_unfolding(table.columns, limit)
    return from_arrow(table)


def packed(path: Path) -> tuple[list[str], int]:
    """The text columns of a Parquet file or folder, and how many bytes it may unfold to.

    Text is to be read as its distinct values and where they are, as it is stored: few bytes may
    unfold to any number. Raises Unreadable where it declares more than it would honestly hold.
    """
    from pyarrow import parquet

    parts = sorted(p for p in path.rglob("*") if _is_part(p)) if path.is_dir() else [path]
    for part in parts:
        facts, size = parquet.read_metadata(part), part.stat().st_size
        groups = [facts.row_group(i) for i in range(facts.num_row_groups)]
        values = sum(group.column(j).num_values for group in groups for j in range(group.num_columns))
        if max(values, facts.num_rows * facts.num_columns) > max(_CELLS, _PACKED * size):
            raise Unreadable(f"{size} bytes say that they hold {max(values, facts.num_rows)} values")
        if sum(group.total_byte_size for group in groups) > _limit(size):
            raise Unreadable(f"{size} bytes say that they unpack to more than any table's")
    texts = [field.name for field in parquet.read_schema(parts[0]) if _is_text(field.type)] if parts else []
    return texts, _limit(sum(part.stat().st_size for part in parts))


def refuse_unfolding(columns: Iterable[Any], limit: int) -> None:
    """Raise Unreadable where columns take more bytes than the limit once each row has its own text."""
    if sum(map(_unfolded, columns)) > limit:
        raise Unreadable(f"its text unfolds to more than {limit >> 20} MiB, as only bombs do")


def _limit(size: int) -> int:
    return max(_BYTES, _PACKED * size)


def _is_part(path: Path) -> bool:
    return path.is_file() and not path.name.startswith((".", "_"))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _unfolded(column: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_dictionary(column.type) and _is_text(column.type.value_type)):
        return int(column.nbytes)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    lengths = (pc.take(pc.binary_length(chunk.dictionary), chunk.indices) for chunk in chunks)
    return sum(pc.sum(length.cast(pa.int64())).as_py() or 0 for length in lengths)


def _npy(path: Path) -> Rows:
    array = np.load(path, allow_pickle=False)
    if array.dtype.names:
        return {name: settled(array[name]) for name in array.dtype.names}
    return {MATRIX: settled(array)}


def _npz(path: Path) -> Rows:
    with ZipFile(path) as members:
        size = sum(member.file_size for member in members.infolist())
    if size > _limit(path.stat().st_size):
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
    """What an error says first, unless it shows bytes of what is no text."""
    line = str(error).strip().partition("\n")[0]
    return line if line.isprintable() else "it is neither text nor Parquet, .npy or .npz"


__all__ = ["MATRIX", "Rows", "as_rows", "load_rows"]
