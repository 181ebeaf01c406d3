"""Timings as one self-contained page: the table, and a plot with both scales logarithmic."""

from __future__ import annotations

import math
from typing import NamedTuple

from onnxpipe.check.reports.page import template
from onnxpipe.check.reports.timings import HEADS, Timings, told


class Point(NamedTuple):
    """One figure, placed in a square of 100."""

    x: float
    y: float
    label: str


class Curve(NamedTuple):
    """One side's median time by batch size."""

    name: str
    kind: str
    points: tuple[Point, ...]

    @property
    def line(self) -> str:
        """The points as an SVG polyline has them."""
        return " ".join(f"{p.x:.1f},{p.y:.1f}" for p in self.points)


class Plot(NamedTuple):
    """Curves, and the ends of both axes."""

    curves: tuple[Curve, ...]
    rows: tuple[str, str]
    times: tuple[str, str]


def page(timings: Timings) -> str:
    """The page as an HTML document."""
    return template("timings.html.j2").render(
        timings=timings, heads=HEADS, cells=timings.cells(), plot=plot(timings)
    )


def plot(timings: Timings) -> Plot:
    """Median times against rows."""
    sides = [("graph", "ours", [(t.rows, t.graph.median) for t in timings.timings])]
    native = [(t.rows, t.native.median) for t in timings.timings if t.native]
    sides += [("original", "theirs", native)] if native else []
    rows = [r for _, _, points in sides for r, _ in points]
    times = [s for _, _, points in sides for _, s in points]
    curves = tuple(
        Curve(
            name,
            kind,
            tuple(
                Point(_place(r, rows), 100 - _place(s, times), f"{name}, {r:,} rows: {told(s)}")
                for r, s in points
            ),
        )
        for name, kind, points in sides
    )
    return Plot(curves, (f"{min(rows):,}", f"{max(rows):,}"), (told(min(times)), told(max(times))))


def _place(value: float, among: list[float] | list[int]) -> float:
    """Where a value stands between the least and the largest, 0 to 100, on a logarithmic scale."""
    low, high = math.log(min(among)), math.log(max(among))
    return 50.0 if high == low else round(100 * (math.log(value) - low) / (high - low), 1)
