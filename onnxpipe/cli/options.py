"""Options that several commands share."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from onnxpipe.adapters.base import Artefact

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[Any], Any]

PATH = click.Path(path_type=Path)


class _Source(click.Path):
    """A path, or a URL as it was typed: a Path would lose one of its slashes."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        remote = isinstance(value, str) and "://" in value
        return value if remote else super().convert(value, parameter, context)


SOURCE = _Source(path_type=Path, allow_dash=True)
ROWS = _Source(path_type=Path)
_PATIENCE = 2.0
"""Seconds after which work shows that it is going on."""


def native(function: F) -> F:
    """--python, --timeout, --trust and --signature: where and with what leave which original is asked."""
    for option in (
        click.option(
            "--signature",
            default="",
            metavar="NAME",
            help="Which function of a SavedModel (default: serving_default, or its only one).",
        ),
        click.option(
            "--trust",
            multiple=True,
            metavar="MODULE.NAME",
            help="Allow the original to be loaded with this name too; repeatable.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=300.0,
            show_default=True,
            metavar="S",
            help="Seconds the original, or a server, may take for one request.",
        ),
        click.option(
            "--python",
            default="",
            metavar="EXE",
            callback=_executable,
            help="The interpreter that has the framework (default: this one).",
        ),
    ):
        function = option(function)
    return function


def _executable(context: click.Context, option: click.Parameter, value: str) -> str:
    """The value if it names a program. Raises click.BadParameter if it doesn't."""
    import shutil

    if value and shutil.which(value) is None:
        raise click.BadParameter(f"no program {value}", context, option)
    return value


def engine(function: F) -> F:
    """--engine and --master: on this machine, or on a Spark cluster."""
    function = click.option(
        "--master",
        default="",
        metavar="URL",
        help="Of the cluster: spark://, yarn, local[4], or sc:// for Spark Connect (default: Spark's own).",
    )(function)
    return click.option(
        "--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True,
        help="What goes through the rows.",
    )(function)  # fmt: skip


def conversion(function: F) -> F:
    """The options of a conversion: what goes in, what comes out, and in which precision."""
    for option in (_sample(), *_signature(), *_precision(), *_refusals())[::-1]:
        function = option(function)
    return function


def _sample() -> Option:
    return click.option(
        "--sample",
        type=ROWS,
        metavar="FILE",
        help="Rows that tell column types: CSV, Parquet, JSON lines, .npy or .npz.",
    )


def _signature() -> tuple[Option, ...]:
    return (
        click.option(
            "--input",
            "inputs",
            multiple=True,
            metavar="NAME=DTYPE[SHAPE]",
            help="The type of an input, over what the artefact or the sample says; repeatable.",
        ),
        click.option(
            "--dynamic",
            multiple=True,
            metavar="NAME=AXIS[:MIN-MAX]",
            help="An axis of a network's input to be left open, besides the batch; repeatable.",
        ),
        click.option("--outputs", metavar="NAME[,NAME...]", help="The outputs of the graph."),
        click.option("--framework", default="", metavar="NAME", help="Read SOURCE as of this framework."),
    )


def _precision() -> tuple[Option, ...]:
    return (
        _choice("--dtype", ("native", "float32", "float64"), "The precision of float inputs."),
        click.option("--opset", type=click.IntRange(min=1), metavar="N", help="ai.onnx opset (default: 21)."),
        _choice(
            "--portable",
            ("extensions", "onnxruntime", "standard"),
            "The most the graph may need of a runtime.",
        ),
    )


def _refusals() -> tuple[Option, ...]:
    return (
        _choice("--on-invalid", ("raise", "flag", "nan"), "What to do with rows that the original refuses."),
        click.option(
            "--missing-string",
            default="",
            metavar="TEXT",
            help="What a missing text travels as (default: '').",
        ),
    )


def _choice(name: str, choices: tuple[str, ...], help: str) -> Option:
    """An option with a few words to choose from, the first being the default."""
    return click.option(name, type=click.Choice(choices), default=choices[0], show_default=True, help=help)


def loudness(function: F) -> F:
    """-q and -v: less, or the traceback of a refusal too."""
    for flag, long, help in (("-v", "--verbose", "Tell more."), ("-q", "--quiet", "Tell errors only.")):
        name = long.lstrip("-")
        function = click.option(
            flag, long, name, is_flag=True, help=help, expose_value=False, callback=_remember
        )(function)
    return function


def _remember(context: click.Context, option: click.Parameter, value: bool) -> None:
    context.meta[f"onnxpipe.{option.name}"] = value


def said(name: str) -> bool:
    """Whether ``quiet`` or ``verbose`` was said on the command line that is running."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(f"onnxpipe.{name}"))


def source(path: Path | str) -> Artefact | Path | str:
    """What a command reads: standard input where the path is -."""
    if path != Path("-"):
        return path
    from onnxpipe.adapters.base import Artefact

    return Artefact(None, sys.stdin.buffer.read())


@contextmanager
def rows(path: Path | str) -> Iterator[str]:
    """The path of a table; standard input, where it is -, lies in a file while the block runs."""
    if str(path) != "-":
        yield str(path)
        return
    import shutil
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        spooled = Path(folder, "standard input")
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield str(spooled)


def put(path: Path, text: str) -> None:
    """Write a whole file or none: under another name first. Raises Refusal where it can't be written."""
    from onnxpipe.services.keeping import files

    files.refuse_unwritable(path)
    files.write_atomically(path, text.encode())


@contextmanager
def progress(doing: str) -> Iterator[None]:
    """A moving line on stderr while the block runs, once it took two seconds, on a terminal only."""
    if said("quiet") or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    status = Console(stderr=True).status(f"{doing} ...")
    timer = threading.Timer(_PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        status.stop()
