"""Boxes and wires placed on a page: rows from the inputs down to the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from onnxpipe.check.reports.anatomy import INPUTS, OUTPUTS, Box

_WIDE, _HIGH, _ACROSS, _DOWN = 190.0, 54.0, 24.0, 66.0
_LETTERS = 24
_MOST = 60
"""Boxes drawn at most: more are a list that is read, and no picture."""


class Placed(NamedTuple):
    """A box's corner, its path and the two lines in it."""

    path: str
    x: float
    y: float
    title: str
    below: str


class Curve(NamedTuple):
    """A wire as an SVG path, what is written at its middle, and all that it carries."""

    d: str
    x: float
    y: float
    label: str
    full: str


class Drawing(NamedTuple):
    """Everything placed, in a picture so wide and high."""

    boxes: tuple[Placed, ...]
    curves: tuple[Curve, ...]
    width: float
    height: float


def drawing(boxes: Sequence[Box]) -> Drawing | None:
    """The picture, None where there are too many boxes for one."""
    if not 0 < len(boxes) <= _MOST:
        return None
    rows = _rows(boxes)
    width = max(len(row) for row in rows) * (_WIDE + _ACROSS) + _ACROSS
    known = {box.path: box for box in boxes}
    places: dict[str, Placed] = {}
    for i, row in enumerate(rows):
        left = (width - len(row) * (_WIDE + _ACROSS) + _ACROSS) / 2
        for j, path in enumerate(row):
            told = _below(known.get(path))
            places[path] = Placed(
                path, left + j * (_WIDE + _ACROSS), i * (_HIGH + _DOWN) + 1, _short(path), told
            )
    height = len(rows) * (_HIGH + _DOWN) - _DOWN + 2
    return Drawing(tuple(places.values()), tuple(_curves(boxes, places)), width, height)


def _rows(boxes: Sequence[Box]) -> list[list[str]]:
    """Paths by their longest way from the inputs; the outputs last."""
    depth = {INPUTS: 0}
    for box in boxes:  # in the order they run
        sources = [end for wire in box.takes for end in wire.ends]
        depth[box.path] = 1 + max((depth.get(source, 0) for source in sources), default=0)
    depth[OUTPUTS] = 1 + max(depth.values())
    return [[path for path, d in depth.items() if d == row] for row in range(depth[OUTPUTS] + 1)]


def _curves(boxes: Sequence[Box], places: Mapping[str, Placed]) -> list[Curve]:
    carried: dict[tuple[str, str], list[str]] = {}
    for box in boxes:
        for wire in box.takes:
            for source in wire.ends:
                carried.setdefault((source, box.path), []).append(f"{wire.value}: {wire.type}")
        for wire in box.gives:
            if OUTPUTS in wire.ends:
                carried.setdefault((box.path, OUTPUTS), []).append(f"{wire.value}: {wire.type}")
    pairs = {ends: told for ends, told in carried.items() if ends[0] in places and ends[1] in places}
    return [_curve(places[a], places[b], told) for (a, b), told in pairs.items()]


def _curve(source: Placed, target: Placed, told: Sequence[str]) -> Curve:
    x1, y1 = source.x + _WIDE / 2, source.y + _HIGH
    x2, y2 = target.x + _WIDE / 2, target.y
    middle = (y1 + y2) / 2
    d = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {middle:.0f} {x2:.0f} {middle:.0f} {x2:.0f} {y2 - 5:.0f}"
    label = _short(told[0].partition(": ")[2] or told[0]) + (f" +{len(told) - 1}" if len(told) > 1 else "")
    return Curve(d, (x1 + x2) / 2, middle, label, "; ".join(told))


def _below(box: Box | None) -> str:
    if box is None:
        return ""
    return _short(box.facts.get("from", "") or box.kind.rpartition(".")[2] or f"{box.count} operators")


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
