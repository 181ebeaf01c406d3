"""Numbers for the charts of a report: bins, points and bars, placed in a 0 to 100 square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, Verdict, errors
from onnxpipe.check.localise import StageFinding
from onnxpipe.check.reports import text
from onnxpipe.check.reports.report import Report

Array = NDArray[Any]

_POINTS = 300
_LIMITS = (0.0, 1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e6, math.inf)
_LABELS = ("exact", "≤ 1e-6", "≤ 1e-4", "≤ 0.01", "≤ 1", "≤ 100", "≤ 1e6", "worse")


class Bar(NamedTuple):
    """One bar: its label, what it counts, its height in percent, and whether it is bad news."""

    label: str
    value: str
    height: float
    bad: bool


class Scatter(NamedTuple):
    """Points (x native, y graph, bad) in percent of the span from ``low`` to ``high``."""

    output: str
    low: str
    high: str
    points: tuple[tuple[float, float, bool], ...]


def histogram(report: Report) -> tuple[Bar, ...]:
    """How many values of all float outputs are how far off, in units of the tolerance."""
    found = [
        errors(report.native[v.output], report.graph[v.output], _tolerance(report, v.output)).ravel()
        for v in _floats(report)
    ]
    if not found:
        return ()
    off = np.concatenate(found)
    places = np.searchsorted(_LIMITS, off, side="left")
    counts = np.bincount(places, minlength=len(_LIMITS))[: len(_LIMITS)]
    top = max(1, int(counts.max()))
    return tuple(
        Bar(label, f"{count:,}", 0.0 if not count else max(2.0, 100 * _logarithmic(count, top)), limit > 1)
        for label, count, limit in zip(_LABELS, counts.tolist(), _LIMITS, strict=True)
    )


def steps(report: Report) -> tuple[Bar, ...]:
    """How many values of all float outputs are off by how many steps of their precision."""
    counted = [text.steps_of(verdict) for verdict in report.verdicts if verdict.ulps]
    if not counted:
        return ()
    counts = [sum(column) for column in zip(*([n for _, n in each] for each in counted), strict=True)]
    top = max(1, *counts)
    heights = [0.0 if not n else max(2.0, 100 * _logarithmic(n, top)) for n in counts]
    names = [name.replace(" to ", "–").replace("over ", "> ") for name, _ in counted[0]]
    return tuple(Bar(n, f"{c:,}", h, False) for n, c, h in zip(names, counts, heights, strict=True))


def _logarithmic(count: int, top: int) -> float:
    return math.log1p(count) / math.log1p(top)


def _tolerance(report: Report, output: str) -> Tolerance:
    given = report.setting.tolerances
    return given.get(output, given.get("", Tolerance()))


def scatter(report: Report) -> Scatter | None:
    """Native's values against the graph's for the float output that is furthest off."""
    floats = _floats(report)
    if not floats:
        return None
    chosen = max(floats, key=lambda v: v.worst)
    native, graph = report.native[chosen.output], report.graph[chosen.output]
    off = errors(native, graph, _tolerance(report, chosen.output)).ravel() > 1
    a, b = native.astype(np.float64).ravel(), graph.astype(np.float64).ravel()
    usable = np.flatnonzero(np.isfinite(a) & np.isfinite(b) & (np.abs(a) < 1e15))
    if not len(usable):
        return None
    order = usable[np.argsort(~off[usable], kind="stable")]
    keep = np.concatenate([order[: _POINTS // 3], order[_thin(len(order), _POINTS)]])
    low, high = np.percentile(np.concatenate([a[keep], b[keep]]), [0, 100])
    span = float(high - low) or 1.0
    points = {
        (round(100 * (a[i] - low) / span, 1), round(100 * (b[i] - low) / span, 1), bool(off[i])) for i in keep
    }
    return Scatter(chosen.output, f"{low:.4g}", f"{high:.4g}", tuple(sorted(points)))


def _floats(report: Report) -> list[Verdict]:
    """The verdicts on outputs of floats whose values are at hand: of items, one by one, they aren't."""
    held = [v for v in report.verdicts if not v.failure and v.output in report.native]
    return [v for v in held if report.native[v.output].dtype.kind == "f"]


def _thin(total: int, limit: int) -> Array:
    places: Array = np.unique(np.linspace(0, total - 1, min(total, limit)).round().astype(int))
    return places


def bars(stages: Sequence[StageFinding]) -> tuple[Bar, ...]:
    """Each stage's worst error in units of the tolerance, on a logarithmic scale."""
    return tuple(
        Bar(
            s.path,
            "refuses" if s.detail and not s.worst else f"{s.worst:.3g}",
            _height(s),
            s.status != "equal",
        )
        for s in stages
    )


def _height(stage: StageFinding) -> float:
    if stage.status == "equal" or not stage.worst:
        return 2.0 if stage.status == "equal" else 100.0
    if not math.isfinite(stage.worst):
        return 100.0
    return float(np.clip(10 + 10 * math.log10(max(stage.worst, 1.0)), 10, 100))
