"""Results as text for people: plain when piped, with rich's tables and colours on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from onnxpipe.cli import options

if TYPE_CHECKING:
    from onnxpipe.check.reports.timings import Timings
    from onnxpipe.services.inspect import Inspection
    from onnxpipe.services.release import Release

_WIDE = 200
"""Columns assumed where the output isn't a terminal, so that nothing is cut or wrapped."""


def console(*, err: bool = False) -> Console:
    """A console that leaves text as it is and is wide where nobody watches."""
    made = Console(stderr=err, highlight=False, soft_wrap=True)
    return made if made.is_terminal else Console(stderr=err, highlight=False, soft_wrap=True, width=_WIDE)


def released(done: Release, *, err: bool = False) -> None:
    """What came of a conversion: the verdict, the signature, the files."""
    out = console(err=err)
    for stage in done.conversion.borrowed if done.report is None else ():
        console(err=True).print(f"[yellow]Fallback:[/] {escape(str(stage))}")
    if done.report is not None and (not done or not options.said("quiet")):
        out.print(escape(str(done.report)))
    if done.report is None:
        console(err=True).print(f"[yellow]Converted, not verified:[/] {escape(done.reason)}")
    if not done:
        console(err=True).print("Nothing was written.")
    elif not options.said("quiet"):
        for path in done.written:
            out.print(f"wrote {escape(str(path))}")


def stages(found: Inspection) -> None:
    """The stages: who converts each, its precision and what it needs; then why not, if not."""
    out = console()
    table = Table(box=None, pad_edge=False)
    for head in ("stage", "kind", "converter", "precision", "needs"):
        table.add_column(head, overflow="fold")
    for stage in found.stages:
        status = escape(f"{stage.status}: {stage.reason}" if stage.reason else stage.status)
        cells = (stage.path, stage.kind, status, ", ".join(stage.precision), stage.portability)
        table.add_row(*(escape(cell) for cell in cells))
    if found.stages:
        out.print(table)
    if found.refusal:
        console(err=True).print(f"Can't be converted: {escape(found.refusal)}")


def inspection(found: Inspection) -> None:
    """All that is known of a file, section by section."""
    out = console()
    made = f"{found.framework} {found.version}".strip()
    out.print(f"{escape(found.path)}: {found.what}{f' of {escape(made)}' if made else ''}")
    _section(out, "inputs", found.inputs)
    _section(out, "outputs", found.outputs)
    if found.stages:
        out.print("stages")
    stages(found)
    if found.portability:
        opsets = ", ".join(f"{domain} {version}" for domain, version in found.opsets.items())
        out.print(f"runs on: {found.portability} ({escape(opsets)})")
    for domain, counts in found.operators.items():
        _section(out, f"{domain} operators", [", ".join(f"{n} {name}" for name, n in counts.items())])
    _section(out, "loading it natively imports", found.names)
    _section(out, "provenance", [f"{key}: {value}" for key, value in found.metadata.items()])


def _section(out: Console, title: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed:
        out.print(escape(title))
        for line in listed:
            out.print(f"  {escape(line)}")


def timings(found: Timings) -> None:
    """A line on the model, then a table with a line per batch size."""
    from onnxpipe.check.reports.timings import HEADS

    out = console()
    out.print(escape(f"{found.model}: {found.summary()}"))
    table = Table(box=None, pad_edge=False)
    for head in HEADS:
        table.add_column(head, justify="right")
    for row in found.cells():
        table.add_row(*row)
    out.print(table)
