"""``onnxpipe skew``: has anything changed since it was converted?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from onnxpipe.cli import options

if TYPE_CHECKING:
    from onnxpipe.services.keeping.comparing import Change
    from onnxpipe.services.skew import Skew


@click.command(short_help="Check by digest that nothing changed since conversion: the commit hook.")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path())
@click.option(
    "--strict", is_flag=True, help="A file that isn't here and that git doesn't track is a finding."
)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@options.loudness
def command(files: tuple[str, ...], strict: bool, output_format: str) -> int:
    """Compare the digests of sources, models and goldens with the locks beside the models.

    FILE is a lock, a model, or a file that went into one; without any, every *.onnx.lock that git
    tracks is checked. Exits with 1 if anything changed.
    """
    from onnxpipe.services.skew import skew

    found = skew(files, strict=strict)
    if not (found and options.said("quiet")):
        click.echo(_FORMATS[output_format](found))
    return 0 if found else 1


def _text(found: Skew) -> str:
    lines = [f"{change}\n  {change.remedy}" for change in found.findings]
    lines += [str(change) for change in found.unchecked]
    lines += [f"warning: {change}\n  {change.remedy}" for change in found.drifts]
    if found.note:
        return "\n".join([*lines, found.note])
    if len(found.findings) > 1 and found.steps:
        lines += ["All of it is mended by, in this order:", *(f"  {step}" for step in found.steps)]
    return "\n".join([*lines, f"{len(found.locks)} lock(s) checked, {len(found.findings)} finding(s)."])


def _json(found: Skew) -> str:
    return json.dumps(found.to_dict(), indent=2, sort_keys=True)


def _github(found: Skew) -> str:
    """Workflow commands that annotate the line of the lock."""
    warnings = (_annotation(change, "warning") for change in found.drifts)
    return "\n".join([*map(_annotation, found.findings), *warnings, _text(found)])


def _annotation(change: Change, level: str = "error") -> str:
    message = _escaped(f"{change.role} {change.path} {change.what}. {change.remedy}")
    place = _escaped(change.lock).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} file={place},line={change.line},title=onnxpipe skew::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


_FORMATS = {"text": _text, "json": _json, "github": _github}
