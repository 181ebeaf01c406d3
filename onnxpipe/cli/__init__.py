"""The command line: parse, call one service, render, exit code. Nothing else.

Each command is a module of this package with a click command named ``command``; it imports its
service inside the function, so that ``--help`` and ``skew`` load neither numpy nor onnx.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from importlib.util import find_spec

import click

from onnxpipe import __version__
from onnxpipe.cli import exits
from onnxpipe.errors import OnnxpipeError

COMMANDS = ("convert", "stitch", "verify", "score", "skew", "inspect", "bench", "replay")
"""The commands in the order of the help; one is listed as soon as its module is there."""


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"{__name__}.{name}")]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command about to run, its defaults read from ``[tool.onnxpipe]`` if there is one."""
        from onnxpipe.cli import settings

        ctx.default_map = settings.defaults(self, ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="onnxpipe")
def group() -> None:
    """One ONNX graph of a whole saved pipeline, proven to answer as the original does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code."""
    return exits.code_of(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    if "_ONNXPIPE_COMPLETE" in os.environ:
        group.main(arguments and list(arguments), prog_name="onnxpipe")
    # Not click's own main: it turns a closed pipe into exit code 1, which is ours for a finding.
    with group.make_context("onnxpipe", exits.arguments(arguments)) as context:
        try:
            return int(group.invoke(context) or 0)
        except OnnxpipeError:
            if context.meta.get("onnxpipe.verbose"):
                exits.show_trace()
            raise
