"""The scoring service: a table in, the same table with the model's answers out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from onnxpipe.check.arrow import to_arrow
from onnxpipe.core.signature import Port
from onnxpipe.errors import BadInput, Refusal, Unreadable
from onnxpipe.scale import scoring, spark
from onnxpipe.scale.pieces import in_order
from onnxpipe.services.judging.rows import load_rows, packed, refuse_unfolding
from onnxpipe.services.keeping.files import Staging, refuse_unwritable
from onnxpipe.services.keeping.tables import FORMATS, Writer
from onnxpipe.services.natives.remote import from_url, is_url, put

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 65_536
"""Rows that are in memory at a time."""


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
    or JSON lines by the suffix of ``output``; what a URL names is copied here first, and answers to
    a URL when they are whole. spark reads and writes what the cluster can, as
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
    read = partial(_rows_of, data, spark.local(model))
    if is_url(output):
        if output == data:
            raise Refusal("it would overwrite what is read", where=output, remedy="Name another output.")
        with TemporaryDirectory(prefix="onnxpipe-") as folder:
            rows = read(Path(folder, target.name))
            put(Path(folder, target.name), output)
    else:
        refuse_unwritable(target, Path(model), None if is_url(data) else Path(data))
        rows = read(target)
    return Scored(rows, time.perf_counter() - started)


def _rows_of(data: str | Path, scorer: scoring.Scorer, target: Path) -> int:
    """The number of rows written to ``target``, of those at a path or a URL."""
    write = partial(_written, scorer, target=target)
    return from_url(data, write) if is_url(data) else write(Path(data))


def _written(scorer: scoring.Scorer, data: Path, target: Path) -> int:
    """The number of rows written to ``target``, which appears when all of them are."""
    rows = 0
    scorer.session  # noqa: B018 - opened before threads share it
    with ExitStack() as stack:
        staging = stack.enter_context(Staging())
        temporary = staging.file(target, b"")
        write = stack.enter_context(Writer(temporary, target.suffix.lower()))
        for table in in_order(partial(_answered, scorer, data), _batches(data, scorer.signature.outputs)):
            write(table)
            rows += table.num_rows
        write.close()
        staging.commit()
    return rows


def _answered(scorer: scoring.Scorer, data: Path, start: int, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows from ``start`` on with their answers. Raises a Refusal that names the row at fault."""
    try:
        return _plain(scorer.appended(batch))
    except Refusal as error:
        error.where = error.where or str(data)
        raise
    except Exception as error:  # onnxruntime's own, which have no common type
        raise _refused(scorer, batch, start, error, data) from None


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
    """The rows in batches, at least one: Parquet as it is read, anything else cut up in memory."""
    import pyarrow as pa

    for batch in _streamed(data) if _is_parquet(data) else _cut(pa.table(_arrow(data))):
        scoring.refuse_clash(batch.schema.names, outputs)
        yield batch


def _cut(table: pa.Table) -> list[pa.RecordBatch]:
    return table.to_batches(max_chunksize=BATCH) or [_without_rows(table.schema)]


def _without_rows(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


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
        stored, some = dataset.dataset(data, format=form), False
        for batch in stored.to_batches(batch_size=BATCH):
            refuse_unfolding(batch.columns, limit)
            some = True
            yield batch
        if not some:
            yield _without_rows(stored.schema)
    except Unreadable as error:
        error.where = str(data)
        raise
    except (ValueError, OSError, IndexError) as error:  # what pyarrow's errors are
        raise Unreadable(
            f"can't be read as rows: {str(error).partition(chr(10))[0]}", where=str(data)
        ) from None


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with each row's own text, where only its place among distinct ones was."""
    import pyarrow as pa

    columns = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
