"""What is written in options: lists of names, types and shapes of inputs, open axes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from onnxpipe.core.options import Axis

_SIZE = re.compile(r"[1-9]\d*|[^\W\d]\w*|\?")
_INPUT = re.compile(r"(?P<name>.+)=(?P<dtype>(?:datetime|timedelta)64\[\w+\]|\w+)(?:\[(?P<shape>[^\]]*)\])?")
_AXIS = re.compile(r"(?P<name>.+)=(?P<axis>\d{1,2})(?::(?P<least>\d{1,9})-(?P<most>\d{1,9}))?")


def split(names: str | None) -> tuple[str, ...]:
    """Comma-separated names."""
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())


def parsed_inputs(given: tuple[str, ...]) -> dict[str, tuple[str, tuple[int | None, ...] | None]]:
    """``NAME=DTYPE[SHAPE]`` by name, the batch or an open axis being a word. Raises click.UsageError."""
    made: dict[str, tuple[str, tuple[int | None, ...] | None]] = {}
    for name, kind in map(_input, given):
        if made.setdefault(name, kind) != kind:
            raise click.UsageError(f"--input {name} is given twice, and differently")
    return made


def _input(text: str) -> tuple[str, tuple[str, tuple[int | None, ...] | None]]:
    match = _INPUT.fullmatch(text)
    if match is None:
        raise click.UsageError(f"--input {text}: write it NAME=DTYPE or NAME=DTYPE[N,4]")
    sizes = None if match["shape"] is None else split(match["shape"])
    if sizes and (sizes[0].isdecimal() or not all(map(_SIZE.fullmatch, sizes))):
        raise click.UsageError(
            f"--input {text}: a shape reads [N,4]: a word for the batch, then sizes or words"
        )
    return match["name"], (match["dtype"], None if sizes is None else tuple(map(_dim, sizes)))


def parsed_axes(given: tuple[str, ...]) -> dict[str, tuple[Axis, ...]]:
    """``NAME=AXIS[:MIN-MAX]`` by name. Raises click.UsageError."""
    from onnxpipe.core.options import Axis

    made: dict[str, tuple[Axis, ...]] = {}
    for text in given:
        match = _AXIS.fullmatch(text)
        if match is None:
            raise click.UsageError(f"--dynamic {text}: write it NAME=AXIS or NAME=AXIS:MIN-MAX")
        axis = Axis(int(match["axis"]), int(match["least"] or 1), int(match["most"] or 0))
        if match["most"] and not 0 < axis.least < axis.most:
            raise click.UsageError(f"--dynamic {text}: MIN has to be less than MAX, and at least 1")
        made[match["name"]] = (*made.get(match["name"], ()), axis)
    return made


def _dim(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
