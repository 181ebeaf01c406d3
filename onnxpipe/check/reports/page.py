"""A report as one self-contained page: no script, no font, no request to anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import jinja2
import numpy as np

from onnxpipe.check.reports import charts, decoding, text
from onnxpipe.check.reports.report import Report

_ROWS = 10
_COLUMNS = 12


class Row(NamedTuple):
    """One row of the table of worst rows."""

    place: int
    inputs: tuple[str, ...]
    native: str
    graph: str


def page(report: Report) -> str:
    """The report as an HTML document."""
    return template("report.html.j2").render(**_facts(report))


def embedded(report: Report) -> str:
    """The report's summary as an HTML fragment, for a notebook."""
    return template("summary.html.j2").render(**_facts(report))


@cache
def template(name: str) -> jinja2.Template:
    """A template of this package by its file name; what it shows is escaped."""
    loader = jinja2.PackageLoader("onnxpipe.check.reports", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)


def _facts(report: Report) -> dict[str, Any]:
    return {
        "report": report,
        "headline": text.headline(report),
        "outputs": [(v, text.output(report, v).partition(": ")[2]) for v in report.verdicts],
        "made_of": text.made_of(report),
        "histograms": [chart for chart in _histograms(report) if chart[2]],
        "decoding": list(decoding.lines(report.decoding)) if report.decoding else [],
        "scatter": charts.scatter(report),
        "stages": list(zip(report.stages, charts.bars(report.stages), strict=True)),
        "columns": _columns(report),
        "worst": list(_worst(report)),
    }


def _histograms(report: Report) -> list[tuple[str, str, tuple[charts.Bar, ...]]]:
    """The name, heading and bars of each histogram of errors."""
    return [
        ("errors", "How far off values are, in units of the tolerance", charts.histogram(report)),
        ("steps", "How far off values are, in steps of their precision (ulp)", charts.steps(report)),
    ]


def _columns(report: Report) -> list[str]:
    names = [name if width == 1 else f"{name}[{i}]" for name, width in _widths(report) for i in range(width)]
    return names[:_COLUMNS]


def _widths(report: Report) -> Iterator[tuple[str, int]]:
    for name, value in report.rows.items():
        yield name, value.shape[1] if value.ndim == 2 else 1


def _worst(report: Report) -> Iterator[Row]:
    """The rows at fault, the first of every output, with both sides' answers."""
    seen: set[int] = set()
    for verdict in report.verdicts:
        native, graph = report.native.get(verdict.output), report.graph.get(verdict.output)
        if native is None or graph is None or len(native) != len(graph):
            continue
        for place in verdict.rows_at_fault[:_ROWS]:
            if place not in seen and len(seen) < _ROWS:
                seen.add(place)
                yield Row(
                    report.place(place) or 0, _cells(report, place), _told(native[place]), _told(graph[place])
                )


def _cells(report: Report, place: int) -> tuple[str, ...]:
    cells = (value for column in report.rows.values() for value in np.ravel(column[place]).tolist())
    return tuple(_short(cell) for cell, _ in zip(cells, range(_COLUMNS), strict=False))


def _told(answer: Any) -> str:
    return ", ".join(_short(value) for value in np.ravel(answer).tolist()[:6])


def _short(value: Any) -> str:
    written = repr(value)
    return written if len(written) <= 26 else f"{written[:24]}…"
