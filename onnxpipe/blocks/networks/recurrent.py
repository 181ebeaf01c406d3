"""Sequences ``[N, T, ...]`` read step by step by cells of any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.loops import followed
from onnxpipe.core.ops import Var, alike, const, dtype_of, op, shape_of, shaped

Array = NDArray[Any]

_END = np.iinfo(np.int64).max


class Read(NamedTuple):
    """Every step's output ``[N, T, h]``, the states after the last ``[N, h]``, and the last output."""

    steps: Var
    states: tuple[Var, ...]
    last: Var


def _is_open(x: Var) -> bool:
    """Whether there may be no steps."""
    return not isinstance(shape_of(x)[1], int)


Step = Callable[[Var, Sequence[Var]], tuple[Var, Sequence[Var]]]
"""An output and the states after it, of a step ``[N, ...]`` and the states before it."""


def stepwise(x: Var, start: Sequence[Var], step: Step, blank: Var, skip: Skip | None = None) -> Read:
    """Any cell, step by step; ``blank`` is an output of zeros, which stands before the first."""
    open_ended = _is_open(x)
    if open_ended:
        x, skip = _led_in(x, skip)
    inputs = [x, skip.mask] if skip else [x]
    turned = [op.transpose(each, perm=[1, 0, *range(2, len(shape_of(each)))]) for each in inputs]

    def body(last: Var, *values: Var) -> Sequence[Var]:
        states, now, kept = values[: len(start)], values[len(start)], values[len(start) + 1 :]
        out, after = step(now, states)
        if skip and kept:
            out = _kept(kept[0], out, const(0, dtype_of(out)) if skip.blank else last)
            after = [_kept(kept[0], new, old) for new, old in zip(after, states, strict=True)]
        return [out, *after, out]

    last, *states, steps = followed([blank, *start], turned, body)
    batch, length = shape_of(x)[:2]
    sizes = shape_of(blank)[1:]
    steps = op.slice(steps, const([1]), const([_END]), const([0])) if open_ended else steps
    whole = op.transpose(shaped(steps, length, batch, *sizes), perm=[1, 0, *range(2, 2 + len(sizes))])
    known = (alike(state, before) for state, before in zip(states, start, strict=True))
    return Read(whole, tuple(known), alike(last, blank))


class Skip(NamedTuple):
    """Which steps count, bool ``[N, T]``. Others leave the states alone, and the output too, or ``blank``."""

    mask: Var
    blank: bool = False


def _led_in(x: Var, skip: Skip | None) -> tuple[Var, Skip]:
    """A step in front that doesn't count: onnxruntime's Scan fails where there are no steps."""
    front = const([0, 1] + [0] * (2 * len(shape_of(x)) - 2))
    mask = skip.mask if skip else op.expand(const(True), op.shape(x, start=0, end=2))
    counts = op.pad(op.cast(mask, to=np.int32), const([0, 1, 0, 0]), const(np.int32(0)))
    led = op.pad(x, front, const(0, dtype_of(x)))
    return led, Skip(op.cast(counts, to=np.bool_), bool(skip and skip.blank))


def _kept(mask: Var, new: Var, old: Var) -> Var:
    """``new`` where a step counts, bool ``[N]``, else ``old``."""
    return op.where(op.unsqueeze(mask, const(list(range(1, len(shape_of(new)))))), new, old)


def reversed_steps(x: Var) -> Var:
    """The steps of ``x`` from the last to the first."""
    return op.slice(x, const([-1]), const([np.iinfo(np.int64).min]), const([1]), const([-1]))
