"""``onnxpipe bench``: how fast does a model answer, and its original?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxpipe.cli import options

if TYPE_CHECKING:
    from onnxpipe.check.reports.timings import Timings

_SUFFIXES = (".html", ".json", ".md")


@click.command(short_help="Time a model, and the original beside it.")
@click.argument("model", type=options.PATH)
@click.argument("source", type=options.SOURCE, required=False)
@click.option("--data", type=options.ROWS, metavar="FILE", help="Rows to answer (default: the golden rows).")
@click.option("--batch", "sizes", type=click.IntRange(min=1), multiple=True, metavar="N",
              help="Rows per call; repeatable (default: 1, 10, 100, 1000, 10000).")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(min=0), default=1.0, show_default=True, metavar="S",
              help="How long each batch size is timed, on each side.")  # fmt: skip
@click.option("--threads", type=click.IntRange(min=0), default=1, show_default=True, metavar="N",
              help="Threads of the graph; 0 for as many as there are cores.")  # fmt: skip
@click.option("--report", "reports", type=options.PATH, multiple=True, metavar="FILE.{html,json,md}",
              help="Write the figures, and for HTML a plot, to a file; repeatable.")  # fmt: skip
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="How it is told.")  # fmt: skip
@options.native
@options.loudness
def command(model: Path, source: Path | str | None, **given: Any) -> int:
    """Time MODEL on batches of rows, and SOURCE, the saved pipeline it was made of, on the same rows."""
    for path in given["reports"]:
        if path.suffix.lower() not in _SUFFIXES:
            raise click.UsageError(f"--report {path}: name it {', '.join(_SUFFIXES)}")
    from onnxpipe.services.bench import SIZES, Pace, bench
    from onnxpipe.services.natives.native import Where

    pace = Pace(tuple(sorted(set(given["sizes"]))) or SIZES, given["seconds"], given["threads"])
    where = Where(given["python"], given["timeout"], tuple(given["trust"]), given["signature"])
    with options.progress("Timing"):
        found = bench(model, source, given["data"], pace=pace, where=where)
    for path in given["reports"]:
        options.put(path, _rendered(found, path.suffix.lower()))
    if given["output_format"] == "json":
        click.echo(found.to_json())
    else:
        from onnxpipe.cli import render

        render.timings(found)
    return 0


def _rendered(found: Timings, suffix: str) -> str:
    makers = {".html": found.to_html, ".json": found.to_json, ".md": found.to_markdown}
    return makers[suffix]()
