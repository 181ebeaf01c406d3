"""What a comparison found, and how it is told: text, JSON, HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, Verdict, errors
from onnxpipe.check.localise import StageFinding, culprit
from onnxpipe.check.reports.decoding import Decoding
from onnxpipe.check.reports.plain import plain, stage_told, verdict_told

Array = NDArray[Any]
Answers = Mapping[str, Array]

FORMAT = 1
"""The version of the JSON form; it changes when a key changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Rows refused by both sides (equal), by native alone and by the graph alone (mismatches).

    ``examples`` tell of one-sided ones: (row, who refuses, why).
    """

    both: int = 0
    native_only: int = 0
    graph_only: int = 0
    examples: tuple[tuple[int, str, str], ...] = ()

    @property
    def one_sided(self) -> int:
        return self.native_only + self.graph_only


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One failing row made as plain as it can be: inputs, both answers, and a test to paste.

    An answer is None where that side refuses the row; ``origin`` says where the row came from,
    ``cells`` which cells can't be as usual without the difference going away.
    """

    row: Answers
    native: Answers | None
    graph: Answers | None
    test: str
    origin: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """Under which conditions two sides were compared; ``source`` "" means golden rows."""

    model: str = ""
    source: str = ""
    seed: int = 0
    max_ppm: float = 0.0
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a verification; truthy when the graph answers as the original does.

    ``origins`` count the rows tried by where they are from, ``batches`` tell what failed with
    other batch sizes, ``batchwise`` whether both sides answer a row by the batch it comes in;
    ``rows``, ``native`` and ``graph`` hold the rows both sides answered, and ``row_origins`` where
    each of them is from; ``places`` is where they stood among the rows tried (yours first, in your
    order). ``decoding`` tells what the graph's own decoding of images does to predictions.
    """

    verdicts: tuple[Verdict, ...]
    refusals: Refusals = Refusals()
    origins: Mapping[str, int] = field(default_factory=dict)
    batches: tuple[str, ...] = ()
    stages: tuple[StageFinding, ...] = ()
    counterexample: Counterexample | None = None
    setting: Setting = Setting()
    duration: float = 0.0
    rows: Answers = field(default_factory=dict, repr=False)
    row_origins: tuple[str, ...] = field(default=(), repr=False)
    native: Answers = field(default_factory=dict, repr=False)
    graph: Answers = field(default_factory=dict, repr=False)
    places: Array | None = field(default=None, repr=False)
    batchwise: bool = False
    decoding: Decoding | None = None

    def __bool__(self) -> bool:
        failed = self.batches or any(v.failure for v in self.verdicts)
        return not failed and self.ppm <= self.setting.max_ppm

    @property
    def tried(self) -> int:
        """Rows given to both sides."""
        return sum(self.origins.values())

    @property
    def differing(self) -> int:
        """Rows that differ in the output that differs most, and rows that one side alone refuses."""
        return max((v.differing for v in self.verdicts), default=0) + self.refusals.one_sided

    @property
    def ppm(self) -> float:
        """Differing rows per million tried."""
        return 1e6 * self.differing / self.tried if self.tried else 0.0

    def place(self, row: int | None) -> int | None:
        """Where a row that both sides answered stood among the rows tried."""
        return row if row is None or self.places is None else int(self.places[row])

    @property
    def culprit(self) -> StageFinding | None:
        """The stage that introduces the difference, where one could be told."""
        return culprit(self.stages)

    def agreeing(self) -> tuple[Answers, Answers, tuple[str, ...]]:
        """The rows both sides answer alike, native's answers to them, and where each is from."""
        tolerances = self.setting.tolerances
        same = np.ones(len(self.row_origins), bool)
        for name, expected in self.native.items():
            tolerance = tolerances.get(name, tolerances.get("", Tolerance()))
            if len(expected) == len(same) and name in self.graph:
                off = errors(expected, np.asarray(self.graph[name]), tolerance) > 1
                same &= ~off.reshape(len(same), -1).any(axis=1)
        chosen = np.flatnonzero(same)
        rows = {name: value[chosen] for name, value in self.rows.items()}
        native = {name: value[chosen] for name, value in self.native.items()}
        return rows, native, tuple(self.row_origins[i] for i in chosen)

    def verdict(self) -> dict[str, Any]:
        """The outcome in a few plain values, the same for the same inputs wherever it is made."""
        return {
            "status": "equal" if self else "differs",
            "rows": self.tried,
            "origins": dict(sorted(self.origins.items())),
            "differing": self.differing,
            "ties": sum(v.ties for v in self.verdicts),
            "refused": {"both": self.refusals.both, "one_sided": self.refusals.one_sided},
            "seed": self.setting.seed,
            "max_ppm": self.setting.max_ppm,
            "tolerances": {k or "*": asdict(t) for k, t in sorted(self.setting.tolerances.items())},
        }

    def to_json(self) -> str:
        """The whole report as JSON, by the schema in ``report.schema.json``."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values: what ``to_json`` writes."""
        found = self.culprit
        return {
            "format": FORMAT,
            **self.verdict(),
            "ppm": self.ppm,
            "outputs": [{**verdict_told(v), "worst_row": self.place(v.worst_row)} for v in self.verdicts],
            "batches": list(self.batches),
            "refusals": [{"row": r, "by": by, "reason": why} for r, by, why in self.refusals.examples],
            "stages": [stage_told(s) for s in self.stages],
            "culprit": found.path if found else None,
            "counterexample": _counterexample(self.counterexample),
            "model": self.setting.model,
            "source": self.setting.source,
            "versions": dict(sorted(self.setting.versions.items())),
            "decoding": self.decoding.to_dict() if self.decoding else None,
            "notes": list(self.setting.notes),
            "seconds": round(self.duration, 3),
        }

    def to_text(self) -> str:
        """The report for people, a screen long."""
        from onnxpipe.check.reports.text import text

        return text(self)

    def to_html(self) -> str:
        """One self-contained page."""
        from onnxpipe.check.reports.page import page

        return page(self)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        from onnxpipe.check.reports.page import embedded

        return embedded(self)


def schema() -> dict[str, Any]:
    """The JSON Schema of ``Report.to_json``."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("report.schema.json").read_text("utf-8"))
    return found


def _counterexample(found: Counterexample | None) -> dict[str, Any] | None:
    if found is None:
        return None
    sides = {"row": found.row, "native": found.native, "graph": found.graph}
    arrays = {
        side: None if values is None else {name: plain(v.tolist()) for name, v in values.items()}
        for side, values in sides.items()
    }
    return {**arrays, "origin": found.origin, "cells": list(found.cells), "test": found.test}
