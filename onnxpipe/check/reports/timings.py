"""How fast a graph and its original answer: figures per batch size, as a record that can be told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Speed:
    """What calls on one batch took: how many calls, their median and 95th percentile in seconds."""

    calls: int
    median: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Speed:
        """The figures of calls that took so long."""
        return cls(len(seconds), float(np.median(seconds)), float(np.percentile(seconds, 95)))


@dataclass(frozen=True, slots=True)
class Timing:
    """One batch size: the graph's speed, and the original's where it was asked."""

    rows: int
    graph: Speed
    native: Speed | None = None

    @property
    def throughput(self) -> float:
        """Rows per second through the graph."""
        return self.rows / self.graph.median

    @property
    def faster(self) -> float | None:
        """How many times the graph's time the original takes."""
        return self.native.median / self.graph.median if self.native else None


@dataclass(frozen=True, slots=True)
class Timings:
    """What ``onnxpipe bench`` measured: seconds to load the model, its size in bytes, figures per batch size.

    ``origin`` says where the rows are from, ``threads`` how many the graph may use (0: as many as
    there are cores).
    """

    model: str
    source: str
    origin: str
    load: float
    size: int
    threads: int
    timings: tuple[Timing, ...]
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data; documented in docs/benchmarking.md."""
        made = asdict(self) | {"versions": dict(self.versions)}
        made["timings"] = [
            asdict(t) | {"rows_per_second": t.throughput, "times_native": t.faster} for t in self.timings
        ]
        return made

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, sort_keys=True)

    def to_markdown(self) -> str:
        """A table for a page or a job summary."""
        lines = ["| " + " | ".join(HEADS) + " |", "|" + "--:|" * len(HEADS)]
        lines += ["| " + " | ".join(row) + " |" for row in self.cells()]
        return "\n".join([f"`{self.model}`: {self.summary()}", "", *lines, ""])

    def to_html(self) -> str:
        """One self-contained page with the table and a plot."""
        from onnxpipe.check.reports.timings_page import page

        return page(self)

    def cells(self) -> list[tuple[str, ...]]:
        """The table's rows as text, under ``HEADS``."""
        return [_cells(timing) for timing in self.timings]

    def summary(self) -> str:
        """One line: size, loading, threads, rows, versions."""
        threads = {0: "all cores", 1: "one thread"}.get(self.threads, f"{self.threads} threads")
        made = ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items()))
        loaded = f"{self.size / 1e6:.2f} MB, loaded in {told(self.load)}"
        return f"{loaded}; {threads}; rows: {self.origin}; {made}"


HEADS = ("rows", "graph", "p95", "rows/s", "original", "p95", "times faster")


def _cells(timing: Timing) -> tuple[str, ...]:
    graph, native = timing.graph, timing.native
    ours = (f"{timing.rows:,}", told(graph.median), told(graph.p95), f"{timing.throughput:,.0f}")
    if native is None:
        return (*ours, "-", "-", "-")
    return (*ours, told(native.median), told(native.p95), f"{timing.faster:,.1f}")


def told(seconds: float) -> str:
    """A duration with three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
