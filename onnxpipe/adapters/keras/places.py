"""Layouts: Keras's channels last or first, the blocks' channels after the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from onnxpipe.core.ops import Var, op, shape_of
from onnxpipe.core.plan import Stage


def moved(stage: Stage, x: Var, function: Callable[[Var], Var]) -> Var:
    """``function`` of ``x`` with channels after the batch, in the layout that the layer has."""
    if stage.get("data_format") == "channels_first":
        return function(x)
    return op.transpose(function(first(stage, x)), perm=[0, *range(2, len(shape_of(x))), 1])


def first(stage: Stage, x: Var) -> Var:
    """``x`` with channels after the batch."""
    if stage.get("data_format") == "channels_first":
        return x
    rank = len(shape_of(x))
    return op.transpose(x, perm=[0, rank - 1, *range(1, rank - 1)])


def last(stage: Stage, x: Var, function: Callable[[Var], Var]) -> Var:
    """``function`` of images ``x`` with channels last, in the layout that the layer has."""
    if stage.get("data_format") != "channels_first":
        return function(x)
    return op.transpose(function(op.transpose(x, perm=[0, 2, 3, 1])), perm=[0, 3, 1, 2])


def sizes(told: Any, count: int) -> list[int]:
    """A parameter that is one number for all axes, or one each."""
    return [int(told)] * count if isinstance(told, int) else [int(each) for each in told]


def sides(told: Any, count: int) -> tuple[Sequence[int], Sequence[int]]:
    """A parameter of both ends of each axis: one number, one per axis, or a pair per axis."""
    if isinstance(told, int):
        return [told] * count, [told] * count
    if count == 1:
        told = [told] if isinstance(told, (list, tuple)) and len(told) == 2 else told
    pairs = [each if isinstance(each, (list, tuple)) else (each, each) for each in told]
    return [int(a) for a, _ in pairs], [int(b) for _, b in pairs]
