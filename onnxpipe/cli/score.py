"""``onnxpipe score``: a table with the model's answers beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from onnxpipe.cli import options


@click.command(short_help="Write a table with the model's answers added.")
@click.argument("model", type=options.PATH)
@click.option(
    "--data",
    required=True,
    metavar="IN",
    help="The rows, a path or a URL: Parquet, CSV, JSON lines, .npy/.npz; - is standard input.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    help="The table, a path or a URL: .parquet, .csv or .jsonl; - is standard output, as CSV.",
)
@options.engine
@options.loudness
def command(model: Path, data: str, output: str, engine: str, master: str) -> int:
    """Write the rows of IN to OUT, with one column per output of MODEL added."""
    from onnxpipe.services.score import score

    with options.rows(data) as held, _written(output) as place, options.progress("Scoring"):
        done = score(model, held, place, engine=engine, master=master)
    if not options.said("quiet") and output != "-":
        rows = "" if done.rows is None else f"{done.rows:,} rows in "
        click.echo(f"wrote {output}: {rows}{done.seconds:.1f} s")
    return 0


@contextmanager
def _written(output: str) -> Iterator[str]:
    """Where to write the table; what is for standard output, where it is -, goes there behind the block."""
    if output != "-":
        yield output
        return
    import shutil
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        place = Path(folder, "scored.csv")
        yield str(place)
        with place.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
