"""``onnxpipe stitch``: several models, pipelines and components become one graph."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxpipe.cli import options, parsing

if TYPE_CHECKING:
    from onnxpipe.services.stitch_release import Order, Release


def _schema(context: click.Context, option: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        import json

        from onnxpipe.stitching.manifest import schema

        click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        context.exit()


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
@options.native
@click.option("--no-verify", is_flag=True, help="Compare neither parts nor the whole with their originals.")
@click.option("--no-golden", is_flag=True, help="Write no golden rows.")
@click.option("--build-dir", type=options.PATH, metavar="DIR",
              help="Where converted parts are kept (default, for a manifest: .onnxpipe beside the "
              "output).")  # fmt: skip
@click.option("--rebuild", is_flag=True, help="Convert and compare every part again, changed or not.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_schema,
              help="Print the JSON Schema of manifests, for editors that complete them.")  # fmt: skip
@options.loudness
def command(parts: tuple[str, ...], output: Path, **given: Any) -> int:
    """Join PARTs, in the order they run, into one ONNX model.

    A PART is an ONNX model, a saved pipeline (converted on the way), or a ready-made component
    such as sorted_probabilities:top=3. Outputs feed the next part's inputs of the same name, or the
    only one; --wire says it otherwise. A manifest holds all of this in a file, and may name a
    Python reference of the whole. Converted parts are compared with their originals, the whole
    with the reference. Exits with 1 and writes nothing if any differ.
    """
    from onnxpipe.core import weights
    from onnxpipe.services.stitch_release import release

    to_stdout = output == Path("-")
    with options.progress("Joining and comparing"):
        done = release(_order(parts, None if to_stdout else output, given))
    _told(done, err=to_stdout)
    if not done:
        return 1
    if to_stdout:
        sys.stdout.buffer.write(weights.alone(done.stitched.model))
        sys.stdout.buffer.flush()
    return 0


def _order(parts: tuple[str, ...], output: Path | None, given: dict[str, Any]) -> Order:
    from onnxpipe.services.natives.native import Where
    from onnxpipe.services.stitch_release import Order

    return Order(
        parts,
        output,
        given["wires"],
        parsing.split(given["outputs"]),
        Where(given["python"], given["timeout"], given["trust"], given["signature"]),
        verify=not given["no_verify"],
        golden=not given["no_golden"],
        builds=given["build_dir"],
        rebuild=given["rebuild"],
    )


def _told(done: Release, *, err: bool) -> None:
    """The wires and what was put on them, the signature, the proof, the files."""
    from rich.markup import escape

    from onnxpipe.cli import render

    out = render.console(err=err)
    quiet = options.said("quiet")
    for line in () if quiet else _joined(done):
        out.print(escape(line))
    for line in _proof(done, quiet):
        out.print(escape(line))
    if done.reason:
        render.console(err=True).print(f"[yellow]Joined, not loaded:[/] {escape(done.reason)}")
    elif done and done.proof.reason and not quiet:
        render.console(err=True).print(f"[yellow]Joined, not verified:[/] {escape(done.proof.reason)}")
    if not done:
        render.console(err=True).print("Nothing was written.")
    for path in () if quiet else done.written:
        out.print(f"wrote {escape(str(path))}")


def _joined(done: Release) -> Iterator[str]:
    """How the parts were joined, and what the graph takes and gives."""
    from onnxpipe.core.signature import Signature

    yield from done.stitched.notes
    signature = Signature.of(done.stitched.model)
    for title, ports in (("inputs", signature.inputs), ("outputs", signature.outputs)):
        yield title
        yield from (f"  {port}" for port in ports)


def _proof(done: Release, quiet: bool) -> Iterator[str]:
    """What was compared: a line on each part, all of it where something differs, and on the whole."""
    for name, verdict in () if quiet else done.proof.parts.items():
        if f"part {name}" not in done.proof.reports:
            told = verdict.get("reason") or f"{verdict['status']} on {verdict['rows']} rows, as before"
            yield f"part {name}: {told}"
    for what, report in done.proof.reports.items():
        if not report or (what == "the whole" and not quiet):
            yield f"{what}: {report}"
        elif not quiet:
            yield f"{what}: {str(report).partition(chr(10))[0]}"
