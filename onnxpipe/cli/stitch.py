"""``onnxpipe stitch``: several models, pipelines and components become one graph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onnxpipe.cli import options

if TYPE_CHECKING:
    from onnxpipe.services.stitch_release import Release


@click.command(short_help="Join models, saved pipelines and ready-made parts into one graph.")
@click.argument("parts", nargs=-1, required=True, metavar="MANIFEST.yaml | PART...")
@click.option("-o", "--output", required=True, metavar="FILE",
              type=click.Path(path_type=Path, allow_dash=True),
              help="The model to write; - is standard output. Its lock goes beside it.")  # fmt: skip
@click.option("--wire", "wires", multiple=True, metavar="SOURCE=TARGET",
              help="An output and the input it feeds, as part.name or name; input.NAME is the graph's own "
              "input. Repeatable.")  # fmt: skip
@click.option("--outputs", metavar="NAME[,NAME...]",
              help="The graph's outputs, as name, part.name or new=part.name (default: what the last parts "
              "give).")  # fmt: skip
@options.loudness
def command(parts: tuple[str, ...], output: Path, wires: tuple[str, ...], outputs: str | None) -> int:
    """Join PARTs, in the order they run, into one ONNX model.

    A PART is an ONNX model, a saved pipeline (converted on the way), or a ready-made component
    such as sorted_probabilities:top=3. Outputs feed the next part's inputs of the same name, or the
    only one; --wire says it otherwise. A manifest holds all of this in a file.
    """
    from onnxpipe.services.stitch_release import Order, release

    to_stdout = output == Path("-")
    order = Order(parts, None if to_stdout else output, wires, options.split(outputs))
    with options.progress("Joining"):
        done = release(order)
    _told(done, err=to_stdout)
    if to_stdout:
        sys.stdout.buffer.write(done.stitched.model.SerializeToString(deterministic=True))
        sys.stdout.buffer.flush()
    return 0


def _told(done: Release, *, err: bool) -> None:
    """The wires and what was put on them, the signature, the files."""
    if options.said("quiet"):
        return
    from rich.markup import escape

    from onnxpipe.cli import render
    from onnxpipe.core.signature import Signature

    out = render.console(err=err)
    for note in done.stitched.notes:
        out.print(escape(note))
    signature = Signature.of(done.stitched.model)
    for title, ports in (("inputs", signature.inputs), ("outputs", signature.outputs)):
        out.print(title)
        for port in ports:
            out.print(f"  {escape(str(port))}")
    if done.reason:
        render.console(err=True).print(f"[yellow]Joined, not loaded:[/] {escape(done.reason)}")
    for path in done.written:
        out.print(f"wrote {escape(str(path))}")
