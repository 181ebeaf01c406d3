"""One partition judged where it lies: what is left of it is a tally and its worst rows.

Runs on executors, as ``scoring`` does. Memory is that of one batch, whatever the table's size.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.arrow import from_arrow
from onnxpipe.check.compare import Tolerance, Verdict, compare
from onnxpipe.check.feeds import feeds
from onnxpipe.check.ulps import added
from onnxpipe.scale.scoring import Scorer

if TYPE_CHECKING:
    import pyarrow as pa

Array = NDArray[Any]

WORST = 24
"""Rows at fault that a partition hands back, and that the driver looks at."""


@dataclass(slots=True)
class Tally:
    """What is known of the rows seen so far: verdicts by output, refused rows, the worst rows.

    ``worst`` holds (severity, running number, the row's input columns), a heap of at most ``WORST``.
    """

    rows: int = 0
    refused: int = 0
    reason: str = ""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    worst: list[tuple[float, int, Any]] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count a batch's verdict on one output in."""
        seen = self.verdicts.get(verdict.output)
        self.verdicts[verdict.output] = verdict if seen is None else merged(seen, verdict)

    def keep(self, severity: float, row: Any) -> None:
        """Remember a row at fault if it is among the worst."""
        heapq.heappush(self.worst, (severity, -self.rows - len(self.worst), row))
        if len(self.worst) > WORST:
            heapq.heappop(self.worst)


def merged(a: Verdict, b: Verdict) -> Verdict:
    """The verdict on the rows of both; where the worst row stands is no longer known."""
    worse = max(a, b, key=lambda verdict: verdict.worst)
    return replace(
        worse, rows=a.rows + b.rows, differing=a.differing + b.differing, ties=a.ties + b.ties,
        worst_row=None, rows_at_fault=(), failure=a.failure or b.failure, ulps=added(a.ulps, b.ulps),
    )  # fmt: skip


class PartitionJudge:
    """Judges batches that hold a model's inputs and, under ``natives``, the original's answers.

    ``natives`` maps the model's outputs to the columns with the original's answers. Calling it
    yields one record batch: the tally as JSON, and the worst rows as an Arrow stream.
    """

    def __init__(
        self, scorer: Scorer, natives: Mapping[str, str], tolerances: Mapping[str, Tolerance]
    ) -> None:
        self.scorer, self.natives, self.tolerances = scorer, dict(natives), dict(tolerances)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tally = Tally()
        for batch in batches:
            if batch.num_rows:
                self._judge(tally, batch)
        if tally.rows:
            yield _told(tally)

    def _judge(self, tally: Tally, batch: pa.RecordBatch) -> None:
        columns = from_arrow(_table(batch))
        expected = {name: columns[column] for name, column in self.natives.items()}
        fed = feeds(self.scorer.signature, columns, self.scorer.missing)
        answered = self._answers(tally, batch, fed, np.arange(batch.num_rows))
        for places, got in answered:
            self._compare(tally, batch, {n: v[places] for n, v in expected.items()}, got, places)
        tally.rows += batch.num_rows

    def _answers(
        self, tally: Tally, batch: pa.RecordBatch, fed: Mapping[str, Array], places: Array
    ) -> list[tuple[Array, dict[str, Array]]]:
        """The model's answers on these rows; a batch it refuses is halved."""
        try:
            return [(places, self.scorer.run({name: value[places] for name, value in fed.items()}))]
        except Exception as error:  # onnxruntime's own, which have no common type
            if len(places) > 1:
                middle = len(places) // 2
                halves = (places[:middle], places[middle:])
                return [found for half in halves for found in self._answers(tally, batch, fed, half)]
            tally.refused += 1
            tally.reason = tally.reason or str(error).strip().partition("\n")[0][:300]
            tally.keep(np.inf, self._row(batch, int(places[0])))
            return []

    def _compare(
        self, tally: Tally, batch: pa.RecordBatch, expected: Mapping[str, Array],
        got: Mapping[str, Array], places: Array,
    ) -> None:  # fmt: skip
        shaped = {name: _alike(value, got[name]) for name, value in expected.items() if name in got}
        for verdict in compare(shaped, got, self.tolerances):
            tally.add(verdict)
            at_fault = verdict.rows_at_fault[:WORST] if not verdict.failure else (0,)
            if verdict.worst_row in verdict.rows_at_fault:
                tally.keep(verdict.worst, self._row(batch, int(places[verdict.worst_row])))
            for row in at_fault:
                if row != verdict.worst_row:
                    tally.keep(1.0, self._row(batch, int(places[row])))

    def _row(self, batch: pa.RecordBatch, place: int) -> pa.RecordBatch:
        """The input columns of one row, copied so that it doesn't hold the whole batch."""
        import pyarrow as pa

        names = [name for name in batch.schema.names if name not in self.natives.values()]
        row = batch.select(names).slice(place, 1)
        return pa.RecordBatch.from_pylist(row.to_pylist(), schema=row.schema)


def _alike(native: Array, graph: Array) -> Array:
    """A native column ``[N]`` as ``[N, 1]`` where the graph has it so."""
    return native[:, None] if native.ndim == 1 and graph.ndim == 2 and graph.shape[1] == 1 else native


def _table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _told(tally: Tally) -> pa.RecordBatch:
    """A tally as one row: JSON and an Arrow stream of its worst rows, worst first."""
    import pyarrow as pa

    told = {
        "rows": tally.rows,
        "refused": tally.refused,
        "reason": tally.reason,
        "severities": [min(severity, 1e308) for severity, _, _ in sorted(tally.worst, reverse=True)],
        "verdicts": [_plain(verdict) for verdict in tally.verdicts.values()],
    }
    kept = [row for _, _, row in sorted(tally.worst, key=lambda each: each[:2], reverse=True)]
    sink = pa.BufferOutputStream()
    if kept:
        with pa.ipc.new_stream(sink, kept[0].schema) as stream:
            for row in kept:
                stream.write_batch(row)
    return pa.RecordBatch.from_pydict({"tally": [json.dumps(told)], "worst": [sink.getvalue().to_pybytes()]})


def _plain(verdict: Verdict) -> dict[str, Any]:
    pair = verdict.worst_pair
    return {
        "output": verdict.output,
        "rows": verdict.rows,
        "differing": verdict.differing,
        "ties": verdict.ties,
        "worst": min(verdict.worst, 1e308),
        "worst_pair": None if pair is None else [v.item() if isinstance(v, np.generic) else v for v in pair],
        "failure": verdict.failure,
        "ulps": verdict.ulps,
    }


def read(told: Sequence[tuple[str, bytes]]) -> tuple[Tally, list[pa.RecordBatch]]:
    """All partitions' tallies as one, and the worst rows of all, worst first."""
    import pyarrow as pa

    whole = Tally()
    rows: list[tuple[float, pa.RecordBatch]] = []
    for text, stream in told:
        part = json.loads(text)
        whole.rows += part["rows"]
        whole.refused += part["refused"]
        whole.reason = whole.reason or part["reason"]
        for verdict in part["verdicts"]:
            pair = verdict.pop("worst_pair")
            whole.add(Verdict(**verdict, worst_pair=None if pair is None else tuple(pair)))
        if stream:
            rows += zip(part["severities"], pa.ipc.open_stream(stream), strict=True)
    rows.sort(key=lambda each: -each[0])
    return whole, [row for _, row in rows[:WORST]]
