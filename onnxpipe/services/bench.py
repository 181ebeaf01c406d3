"""The timing service: how fast a graph answers, beside its original."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from onnxpipe.check.feeds import feeds
from onnxpipe.check.reports.timings import Speed, Timing, Timings
from onnxpipe.check.rows import Rows, length, take
from onnxpipe.check.runtimes.graph import Graph
from onnxpipe.core import weights
from onnxpipe.core.fragment import metadata
from onnxpipe.errors import BadInput
from onnxpipe.services.convert import adapter_of, artefact_of
from onnxpipe.services.judging import replay
from onnxpipe.services.judging.judge import ABSENT, Judge
from onnxpipe.services.judging.matching import Names
from onnxpipe.services.judging.rows import as_rows, load_rows
from onnxpipe.services.natives.native import Native, Where
from onnxpipe.services.verify import opened
from onnxpipe.worker.timing import timed

SIZES = (1, 10, 100, 1000, 10_000)
_LEAST = 5
"""Calls that are timed however long they take."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How to time: rows per call, seconds for each size and side, threads of the graph (0: all cores)."""

    sizes: Sequence[int] = SIZES
    seconds: float = 1.0
    threads: int = 1


def bench(
    model: onnx.ModelProto | str | Path, source: Any = None, data: Any = None, *,
    pace: Pace | None = None, where: Where | None = None,
) -> Timings:  # fmt: skip
    """The times a model takes to load and to answer, and its original's (a path or a live object).

    The rows are those of ``data`` (a table or the path of one), else the golden rows beside the
    model, repeated as often as needed; rows that the graph refuses are left out. Raises a Refusal.
    """
    pace = pace or Pace()
    proto, path = opened(model)
    started = time.perf_counter()
    graph = Graph(proto, where=str(path or ""), threads=pace.threads)
    load = time.perf_counter() - started
    versions = {"onnxruntime": ort.__version__}
    missing = metadata(proto).get("missing_string", "")
    given, origin = _rows(graph, path, data, missing)
    given = _accepted(graph, given, missing)
    with ExitStack() as stack:
        judge = None
        if source is not None:
            artefact = artefact_of(source)
            native = stack.enter_context(Native(artefact, adapter_of(artefact), where))
            judge, versions = Judge(proto, native, {}, Names()), {**versions, **native.versions}
        found = tuple(_timings(graph, judge, given, pace, missing))
    size = weights.total(proto)
    return Timings(
        str(path or "model"), "" if source is None else str(artefact), origin, load, size,
        pace.threads, found, versions,
    )  # fmt: skip


def _rows(graph: Graph, path: Path | None, data: Any, missing: str) -> tuple[Rows, str]:
    """The rows to take, missing text marked, and where they are from."""
    if data is not None:
        is_path = hasattr(data, "__fspath__") or isinstance(data, str)
        table = load_rows(data) if is_path else as_rows(data)
        return feeds(graph.signature, table, ABSENT), str(data) if is_path else "given"
    try:
        rows = replay.recorded(graph, replay.folders(path, None))
    except BadInput as error:
        raise BadInput("no rows to time it on", where=error.where, remedy="--data FILE") from None
    return _swapped(rows, missing, ABSENT), "golden"


def _accepted(graph: Graph, given: Rows, missing: str) -> Rows:
    """The rows that the graph answers. Raises BadInput where there are none."""
    refused = graph.each(_swapped(given, ABSENT, missing)).refused if length(given) else {}
    kept = np.setdiff1d(np.arange(length(given)), list(refused))
    if not len(kept):
        why = next(iter(refused.values()), "there are none")
        raise BadInput(f"no rows to time it on: {why}", remedy="--data FILE with rows that it accepts")
    return take(given, kept)


def _swapped(rows: Rows, text: str, other: str) -> Rows:
    """The rows with one text in place of another."""
    return {
        name: np.where(value == text, other, value).astype(object) if value.dtype.kind == "O" else value
        for name, value in rows.items()
    }


def _timings(
    graph: Graph, judge: Judge | None, given: Rows, pace: Pace, missing: str
) -> Iterator[Timing]:  # fmt: skip
    for size in pace.sizes:
        batch = take(given, np.arange(size) % length(given))
        fed = dict(_swapped(batch, ABSENT, missing))
        ours = Speed.of(timed(partial(graph.session.run, None, fed), pace.seconds, _LEAST))
        yield Timing(size, ours, _natively(judge, batch, fed, pace) if judge else None)


def _natively(judge: Judge, batch: Rows, fed: Rows, pace: Pace) -> Speed:
    rows = judge.as_native(fed, batch, length(batch))
    return Speed.of(judge.native.times(rows, judge.outputs, pace.seconds, _LEAST))
