"""The scoring service: a table in, the same table with the model's answers out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onnxpipe.check.arrow import to_arrow
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadInput, Refusal, Unreadable
from onnxpipe.scale import scoring, spark
from onnxpipe.services.judging.rows import load_rows, packed, refuse_unfolding
from onnxpipe.services.keeping.files import Staging, refuse_unwritable

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 65_536
"""Rows that are in memory at a time."""
FORMATS = (".parquet", ".csv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored: rows (None where a cluster knows), seconds it took."""

    rows: int | None
    seconds: float


def score(
    model: str | Path, data: str | Path, output: str | Path, *, engine: str = "local", master: str = ""
) -> Scored:
    """Write the rows at ``data`` with one column per output of ``model`` added.

    ``engine`` local streams Parquet in batches (other files are read whole) and writes Parquet, CSV
    or JSON lines by the suffix of ``output``; spark reads and writes what the cluster can, as
    Parquet. Raises a Refusal; nothing is left behind then.
    """
    started = time.perf_counter()
    if not Path(model).is_file():
        raise Unreadable("no such file", where=str(model))
    if engine == "spark":
        spark.score(spark.session(master), str(model), str(data), str(output))
        return Scored(None, time.perf_counter() - started)
    target = Path(output)
    if target.suffix.lower() not in FORMATS:
        raise BadInput("can't tell what to write", where=str(target), remedy=f"Name it {', '.join(FORMATS)}.")
    refuse_unwritable(target, Path(model), Path(data))
    rows = _written(spark.scorer(model, threads=0), Path(data), target)
    return Scored(rows, time.perf_counter() - started)


def _written(scorer: scoring.Scorer, data: Path, target: Path) -> int:
    """The number of rows written to ``target``, which appears when all of them are."""
    rows = 0
    with ExitStack() as stack:
        staging = stack.enter_context(Staging())
        temporary = staging.file(target, b"")
        write = stack.enter_context(_Writer(temporary, target.suffix.lower()))
        for batch in _batches(data, scorer.signature.outputs):
            try:
                write(scoring.appended(batch, scorer.answers(batch)))
            except Refusal as error:
                error.where = error.where or str(data)
                raise
            except Exception as error:  # onnxruntime's own, which have no common type
                raise _refused(scorer, batch, rows, error, data) from None
            rows += batch.num_rows
        write.close()
        staging.commit()
    return rows


def _refused(
    scorer: scoring.Scorer, batch: pa.RecordBatch, before: int, error: Exception, data: Path
) -> Refusal:
    """The error that names the first row a model refuses, found by halving."""
    start, size = 0, batch.num_rows
    while size > 1:
        half = size // 2
        try:
            scorer.answers(batch.slice(start, half))
        except Exception:
            size = half
        else:
            start, size = start + half, size - half
    return BadInput(
        f"the model refuses row {before + start}: {str(error).strip().partition(chr(10))[0][:200]}",
        where=str(data),
        remedy="Leave such rows out, or convert with --on-invalid flag or nan to have them marked.",
    )


def _batches(data: Path, outputs: tuple[Port, ...]) -> Iterator[pa.RecordBatch]:
    """The rows in batches: Parquet as it is read, anything else cut up in memory."""
    import pyarrow as pa

    source = _streamed(data) if _is_parquet(data) else iter([pa.table(_arrow(data))])
    for table in source:
        scoring.refuse_clash(table.schema.names, outputs)
        yield from (table.to_batches(max_chunksize=BATCH) if isinstance(table, pa.Table) else [table])


def _arrow(data: Path) -> dict[str, Any]:
    return {name: to_arrow(np.asarray(value)) for name, value in load_rows(data).items()}


def _is_parquet(data: Path) -> bool:
    if not data.exists():
        raise Unreadable("no such file", where=str(data))
    if data.is_dir():
        return True
    with data.open("rb") as file:
        return file.read(4) == b"PAR1"


def _streamed(data: Path) -> Iterator[pa.RecordBatch]:
    from pyarrow import dataset

    try:
        texts, limit = packed(data)
        form = dataset.ParquetFileFormat(dictionary_columns=texts)
        for batch in dataset.dataset(data, format=form).to_batches(batch_size=BATCH):
            refuse_unfolding(batch.columns, limit)
            yield _plain(batch, texts)
    except Unreadable as error:
        error.where = str(data)
        raise
    except (ValueError, OSError, IndexError) as error:  # what pyarrow's errors are
        raise Unreadable(
            f"can't be read as rows: {str(error).partition(chr(10))[0]}", where=str(data)
        ) from None


def _plain(batch: pa.RecordBatch, texts: list[str]) -> pa.RecordBatch:
    """The batch with each row's own text in these columns, where only its place among distinct ones was."""
    import pyarrow as pa

    names = batch.schema.names
    held = zip(names, batch.columns, strict=True)
    columns = [column.dictionary_decode() if name in texts else column for name, column in held]
    return pa.RecordBatch.from_arrays(columns, names=names)


class _Writer:
    """Record batches to a file, of the kind its suffix says. A context manager."""

    def __init__(self, path: Path, suffix: str) -> None:
        self.path, self.suffix = path, suffix
        self._stream: Any = None
        self._opened: Any = None

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, batch: pa.RecordBatch) -> None:
        """Write a batch."""
        make: Callable[[pa.RecordBatch], None] = {
            ".parquet": self._parquet, ".csv": self._csv, ".jsonl": self._jsonl,
        }[self.suffix]  # fmt: skip
        make(batch)

    def close(self) -> None:
        """Finish the file; safe to call twice."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _parquet(self, batch: pa.RecordBatch) -> None:
        if self._stream is None:
            from pyarrow import parquet

            self._stream = parquet.ParquetWriter(self.path, batch.schema)
        self._stream.write_batch(batch)

    def _csv(self, batch: pa.RecordBatch) -> None:
        from pyarrow import csv

        flat = _flat(batch)
        if self._stream is None:
            self._stream = csv.CSVWriter(self.path, flat.schema)
        self._stream.write_batch(flat)

    def _jsonl(self, batch: pa.RecordBatch) -> None:
        import json

        if self._stream is None:
            self._stream = self.path.open("w", encoding="utf-8")
        for row in batch.to_pylist():
            self._stream.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Columns of lists as one column per place, ``probability_0`` and so on: CSV has no lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if not pa.types.is_list(column.type):
            columns[name] = column
            continue
        width = pc.max(pc.list_value_length(column)).as_py() or 0
        columns |= {f"{name}_{i}": pc.list_element(column, i) for i in range(width)}
    return pa.RecordBatch.from_pydict(columns)
