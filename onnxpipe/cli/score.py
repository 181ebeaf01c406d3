"""``onnxpipe score``: a table with the model's answers beside it."""

from __future__ import annotations

from pathlib import Path

import click

from onnxpipe.cli import options


@click.command(short_help="Write a table with the model's answers added.")
@click.argument("model", type=options.PATH)
@click.option(
    "--data", required=True, metavar="IN", help="The rows: Parquet (streamed), CSV, JSON lines, .npy/.npz."
)
@click.option(
    "-o", "--output", required=True, metavar="OUT", help="The table to write: .parquet, .csv or .jsonl."
)
@options.engine
@options.loudness
def command(model: Path, data: str, output: str, engine: str, master: str) -> int:
    """Write the rows of IN to OUT, with one column per output of MODEL added."""
    from onnxpipe.services.score import score

    with options.progress("Scoring"):
        done = score(model, data, output, engine=engine, master=master)
    if not options.said("quiet"):
        rows = "" if done.rows is None else f"{done.rows:,} rows in "
        click.echo(f"wrote {output}: {rows}{done.seconds:.1f} s")
    return 0
