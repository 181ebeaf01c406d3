"""``onnxpipe inspect``: what is in a file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from onnxpipe.cli import options


@click.command(short_help="Show the stages, types and needs of a saved pipeline or an ONNX model.")
@click.argument("path", type=options.SOURCE)
@click.option("--sample", type=options.ROWS, metavar="FILE", help="Rows that tell column types.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="How it is told.")  # fmt: skip
@click.option("--html", type=options.PATH, metavar="FILE",
              help="Draw the graph, by part and stage, as one HTML page too.")  # fmt: skip
@options.loudness
def command(path: Path | str, sample: Path | None, output_format: str, html: Path | None) -> int:
    """Show what is in PATH, a saved pipeline or an ONNX model; - is standard input. Nothing in it is run."""
    from onnxpipe.services.convert import sample_of
    from onnxpipe.services.inspect import drawn, inspect

    source, rows = options.source(path), sample_of(sample)
    with options.progress("Reading"):
        found = inspect(source, sample=rows)
        if html is not None:
            options.put(html, drawn(source, sample=rows))
    if output_format == "json":
        click.echo(json.dumps(found.to_dict(), indent=2, sort_keys=True))
    else:
        from onnxpipe.cli import render

        render.inspection(found)
    return 0
