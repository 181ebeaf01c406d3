"""``onnxpipe convert``: a saved pipeline becomes one verified ONNX model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onnxpipe.cli import options, parsing

if TYPE_CHECKING:
    from onnxpipe.services.release import Order


@click.command(short_help="Convert a saved pipeline to ONNX and prove that it answers the same.")
@click.argument("source", type=options.SOURCE)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The model to write; - is standard output. Its lock and golden rows go beside it.",
)
@options.conversion
@options.native
@click.option("--no-fallback", is_flag=True, help="Use our own converters only.")
@click.option("--no-verify", is_flag=True, help="Don't compare with the original.")
@click.option("--no-golden", is_flag=True, help="Write no golden rows.")
@click.option("--explain", is_flag=True, help="Write nothing; tell for each stage what would become of it.")
@options.loudness
def command(source: Path | str, output: Path | None, explain: bool, **given: Any) -> int:
    """Convert SOURCE, a saved pipeline, to one ONNX model.

    The model is checked, loaded and compared with the original before anything is written. Exits
    with 1 and writes nothing if they differ.
    """
    if output is None and not explain:
        raise click.UsageError("Missing option '-o' / '--output'.")
    order = _order(source, output, given)
    return _explained(order) if explain else _released(order, to_stdout=output == Path("-"))


def _order(source: Path | str, output: Path | None, given: dict[str, Any]) -> Order:
    from onnxpipe.services.convert import artefact_of, options_of
    from onnxpipe.services.natives.native import Where
    from onnxpipe.services.release import Order

    chosen = {name: given[name] for name in ("dtype", "opset", "portable", "on_invalid", "missing_string")}
    chosen["inputs"] = parsing.parsed_inputs(given["inputs"])
    chosen["dynamic"] = parsing.parsed_axes(given["dynamic"])
    chosen["outputs"] = parsing.split(given["outputs"])
    chosen["fallback"] = not given["no_fallback"]
    return Order(
        artefact_of(options.source(source)),
        None if output == Path("-") else output,
        options_of(chosen),
        given["sample"],
        given["framework"],
        Where(given["python"], given["timeout"], given["trust"], given["signature"]),
        verify=not given["no_verify"],
        golden=not given["no_golden"],
    )


def _released(order: Order, *, to_stdout: bool) -> int:
    from onnxpipe.cli import render
    from onnxpipe.core import weights
    from onnxpipe.services.release import release

    with options.progress("Converting and comparing"):
        done = release(order)
    render.released(done, err=to_stdout)
    if done and to_stdout:
        sys.stdout.buffer.write(weights.alone(done.conversion.model))
        sys.stdout.buffer.flush()
    return 0 if done else 1


def _explained(order: Order) -> int:
    from onnxpipe.cli import render
    from onnxpipe.services.convert import adapter_of, sample_of
    from onnxpipe.services.inspect import explained

    adapter = adapter_of(order.source, order.framework)
    with options.progress("Reading"):
        rows = sample_of(order.sample)
        found = explained(order.source, adapter, order.options, sample=rows, where=order.where)
    render.stages(found)
    return 2 if found.refusal else 0
