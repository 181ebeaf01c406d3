"""Tables written batch by batch: Parquet, CSV and JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = (".parquet", ".csv", ".jsonl")


class Writer:
    """Tables to a file, one after another, of the kind its suffix says. A context manager."""

    def __init__(self, path: Path, suffix: str) -> None:
        self.path, self.suffix = path, suffix
        self._stream: Any = None
        self._opened: Any = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, rows: pa.Table) -> None:
        """Write some rows."""
        make: Callable[[pa.Table], None] = {
            ".parquet": self._parquet, ".csv": self._csv, ".jsonl": self._jsonl,
        }[self.suffix]  # fmt: skip
        make(rows)

    def close(self) -> None:
        """Finish the file; safe to call twice."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _parquet(self, rows: pa.Table) -> None:
        if self._stream is None:
            from pyarrow import parquet

            self._stream = parquet.ParquetWriter(self.path, rows.schema, use_dictionary=repeating(rows))
        self._stream.write_table(rows, max(rows.num_rows, 1))

    def _csv(self, rows: pa.Table) -> None:
        from pyarrow import csv

        flat = _flat(rows)
        if self._stream is None:
            self._stream = csv.CSVWriter(self.path, flat.schema)
        self._stream.write_table(flat)

    def _jsonl(self, rows: pa.Table) -> None:
        import json

        if self._stream is None:
            self._stream = self.path.open("w", encoding="utf-8")
        for row in rows.to_pylist():
            self._stream.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def repeating(rows: pa.Table) -> list[str]:
    """The columns of Parquet's that hold each value twice or more, by their dotted paths.

    To look for repeated values where there are none takes most of the time of writing numbers.
    """
    import pyarrow.compute as pc

    def repeats(values: Any) -> bool:
        try:
            return bool(pc.count_distinct(values).as_py() * 2 <= len(values))
        except NotImplementedError:  # of nothing but nulls, and of types that libraries add
            return False

    leaves = [leaf for name in rows.column_names for leaf in _leaves(name, rows[name].combine_chunks())]
    return [path for path, values in leaves if repeats(values)]


def _leaves(path: str, values: Any) -> Iterator[tuple[str, Any]]:
    """The flat columns that Parquet stores one as, with their paths; maps and the like are left out."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_struct(kind):
        for i, field in enumerate(kind):
            yield from _leaves(f"{path}.{field.name}", values.field(i))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _leaves(f"{path}.list.element", values.flatten())
    elif not pa.types.is_nested(kind) and not pa.types.is_dictionary(kind):
        yield path, values


def _flat(rows: pa.Table) -> pa.Table:
    """Columns of lists as one column per place, ``probability_0`` and so on: CSV has no lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns: dict[str, Any] = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if not pa.types.is_list(column.type):
            columns[name] = column
            continue
        width = pc.max(pc.list_value_length(column)).as_py() or 0
        columns |= {f"{name}_{i}": pc.list_element(column, i) for i in range(width)}
    return pa.table(columns)
