"""``onnxpipe verify``: does a model answer as the original does?"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxpipe.cli import options

if TYPE_CHECKING:
    from onnx import ModelProto

    from onnxpipe.check.compare import Tolerance
    from onnxpipe.check.reports.report import Report

FORMATS = ("text", "json", "github", "junit", "sarif")
_BY_SUFFIX = {
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".xml": "junit",
    ".sarif": "sarif",
    ".md": "markdown",
}


@click.command(short_help="Verify that a model answers as the original does.")
@click.argument("model", type=click.Path(path_type=Path, allow_dash=True))
@click.argument("source", type=options.SOURCE, required=False)
@click.option(
    "--data", type=options.ROWS, metavar="FILE", help="Your rows: CSV, Parquet, JSON lines, .npy/.npz."
)
@click.option(
    "--golden", type=options.PATH, metavar="DIR", help="Golden rows (default: those beside the model)."
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=2000,
    show_default=True,
    metavar="N",
    help="Rows to make besides yours.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Of the rows made.")
@click.option("--rtol", multiple=True, metavar="[OUT:]R", help="Relative tolerance, of one output or all.")
@click.option("--atol", multiple=True, metavar="[OUT:]A", help="Absolute tolerance, of one output or all.")
@click.option(
    "--max-ppm",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="P",
    help="Differing rows per million that are still called equal.",
)
@click.option(
    "--map",
    "names",
    multiple=True,
    metavar="MODEL_NAME=SOURCE_NAME",
    help="What the original calls an input or output of the model; repeatable.",
)
@click.option(
    "--report",
    "reports",
    type=options.PATH,
    multiple=True,
    metavar="FILE.{html,json,xml,sarif,md}",
    help="Write the report to a file; repeatable.",
)
@click.option(
    "--save-counterexample",
    type=options.PATH,
    metavar="FILE",
    help="Write the plainest row that differs as a test.",
)
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True)
@options.engine
@click.option(
    "--runtime",
    default="onnxruntime",
    show_default=True,
    metavar="onnxruntime|reference|onnxruntime-web[:DIR]|browser[:DIR]|http://HOST:PORT",
    help="What runs the model: reference is ONNX's own evaluator; onnxruntime-web, of npm's package in DIR, "
    "runs in node or a headless browser; a server is asked by the Open Inference "
    "Protocol for the model of the file's name, or /v2/models/NAME.",
)
@options.native
@options.loudness
def command(model: Path, source: Path | str | None, **given: Any) -> int:  # fmt: skip
    """Compare MODEL (- is standard input) with SOURCE, the saved pipeline it was made of.

    Rows are made from the pipeline's own thresholds and categories besides yours. Without SOURCE
    the golden rows beside the model are replayed, with onnxruntime alone. Exits with 1 if they differ.
    """
    _refuse_impossible(source, given)
    model = _model(model)
    tolerances = parsed_tolerances(given["rtol"], given["atol"])
    names = dict(map(_pair, given["names"]))
    from onnxpipe.services.verify import verify

    with options.rows(given["data"] or "") as data, options.progress("Comparing"):
        report = verify(
            model, source, data or None, golden=given["golden"], rows=given["rows"], seed=given["seed"],
            tolerances=tolerances, max_ppm=given["max_ppm"], names=names, python=given["python"],
            timeout=given["timeout"], trust=given["trust"], engine=given["engine"], master=given["master"],
            runtime=given["runtime"], signature=given["signature"],
        )  # fmt: skip
    _write(report, given["reports"], given["save_counterexample"])
    _show(report, given["output_format"])
    return 0 if report else 1


def _model(path: Path) -> ModelProto | Path:
    if path != Path("-"):
        return path
    from onnxpipe.core import models

    return models.parsed(sys.stdin.buffer.read(), "standard input")


def _refuse_impossible(source: Path | str | None, given: dict[str, Any]) -> None:
    """Refuse, before any work, what can't be done."""
    if given["engine"] == "spark" and not (source and given["data"]):
        raise click.UsageError("--engine spark goes through a table: give SOURCE and --data.")
    if given["engine"] == "spark" and given["runtime"] != "onnxruntime":
        raise click.UsageError("--engine spark runs the model in Spark's own workers: leave out --runtime.")
    for path in given["reports"]:
        if path.suffix.lower() not in _BY_SUFFIX:
            raise click.UsageError(f"--report {path}: name it {', '.join(_BY_SUFFIX)}")


def parsed_tolerances(rtol: tuple[str, ...], atol: tuple[str, ...]) -> dict[str, Tolerance]:
    """Tolerances by output name, "" for all. Raises click.UsageError for what isn't a number."""
    from onnxpipe.check.compare import Tolerance

    found: dict[str, dict[str, float]] = {}
    for kind, texts in (("rtol", rtol), ("atol", atol)):
        for text in texts:
            name, _, number = text.rpartition(":")
            if not re.fullmatch(r"\d*\.?\d+(e[+-]?\d+)?|\d+\.", number, re.IGNORECASE):
                raise click.UsageError(f"--{kind} {text}: write it 1e-6 or OUTPUT:1e-6")
            found.setdefault(name, {})[kind] = float(number)
    overall = found.get("", {})
    return {name: Tolerance(**{**overall, **given}) for name, given in found.items()}


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not (ours and equals and theirs):
        raise click.UsageError(f"--map {text}: write it MODEL_NAME=SOURCE_NAME")
    return ours, theirs


def _write(report: Report, paths: tuple[Path, ...], counterexample: Path | None) -> None:
    for path in paths:
        options.put(path, rendered(report, _BY_SUFFIX[path.suffix.lower()]))
    if counterexample is not None and report.counterexample is not None:
        options.put(counterexample, report.counterexample.test)


def rendered(report: Report, form: str) -> str:
    """The report in one of the forms ``--report`` and ``--output-format`` know."""
    if form in ("html", "json"):
        return report.to_html() if form == "html" else report.to_json()
    from onnxpipe.check.reports import formats

    makers = {"github": formats.github, "junit": formats.junit, "sarif": formats.sarif}
    return makers.get(form, formats.markdown)(report)


def _show(report: Report, form: str) -> None:
    if form != "text":
        click.echo(rendered(report, form))
    elif not (report and options.said("quiet")):
        from onnxpipe.cli import render

        style = "green" if report else "red"
        first, _, rest = report.to_text().partition("\n")
        render.console().print(first, style=style, markup=False)
        if rest:
            render.console().print(rest, markup=False)
