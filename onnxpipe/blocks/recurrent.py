"""Sequences ``[N, T, d]`` read step by step by cells with gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.loops import followed
from onnxpipe.core.ops import Var, alike, as_many, const, op, shape_of, shaped

Array = NDArray[Any]

_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Gates:
    """Weights by gate, in the standard's order: ``[k, h, d]``, ``[k, h, h]``, biases ``[2, k, h]``.

    ``bends`` are the standard's names of the gates' activations.
    """

    inputs: Array
    states: Array
    biases: Array
    bends: Sequence[str]

    @property
    def size(self) -> int:
        return int(self.states.shape[-1])

    def tensors(self) -> list[Var]:
        """The operators' W, R and B, for one direction."""
        size = self.size
        flat = [self.inputs.reshape(1, -1, self.inputs.shape[-1]), self.states.reshape(1, -1, size)]
        return [const(part) for part in (*flat, self.biases.reshape(1, -1))]


class Read(NamedTuple):
    """Every step's output ``[N, T, h]``, the states after the last ``[N, h]``, and the last output."""

    steps: Var
    states: tuple[Var, ...]
    last: Var


def long_short(x: Var, gates: Gates) -> Read:
    """Hochreiter and Schmidhuber's cell; gates are input, output, forget, cell."""
    return _read(
        x, op.lstm(_led(x), *gates.tensors(), activations=gates.bends, hidden_size=gates.size), gates
    )


def gated(x: Var, gates: Gates, after: bool) -> Read:
    """Cho's unit; gates are update, reset, hidden, the reset applied ``after`` the product or before it."""
    spare = _is_open(x)
    found = op.gru(
        _led(x, spare),
        *gates.tensors(),
        activations=gates.bends,
        hidden_size=gates.size,
        linear_before_reset=int(after),
    )
    return _read(x, found, gates, spare)


def simple(x: Var, gates: Gates) -> Read:
    """Elman's unit."""
    spare = _is_open(x)
    found = op.rnn(_led(x, spare), *gates.tensors(), activations=gates.bends, hidden_size=gates.size)
    return _read(x, found, gates, spare)


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
            out = _kept(kept[0], out, const(np.float32(0)) if skip.blank else last)
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
    led = op.pad(x, front, const(np.float32(0)))
    return led, Skip(op.cast(counts, to=np.bool_), bool(skip and skip.blank))


def _kept(mask: Var, new: Var, old: Var) -> Var:
    """``new`` where a step counts, bool ``[N]``, else ``old``."""
    return op.where(op.unsqueeze(mask, const(list(range(1, len(shape_of(new)))))), new, old)


def reversed_steps(x: Var) -> Var:
    """The steps of ``x`` from the last to the first."""
    return op.slice(x, const([-1]), const([np.iinfo(np.int64).min]), const([1]), const([-1]))


def _led(x: Var, spare: bool = False) -> Var:
    """Steps first, and of no rows one of zeros, which is cut off again: not every operator takes none.

    With a ``spare`` step behind: on no steps, onnxruntime's GRU and RNN end the process (seen in 1.31).
    """
    some = op.squeeze(op.min([op.shape(x, start=0, end=1), const([1])]))
    rows = op.gather(const([[0, 1], [0, 0]]), some)
    led = op.pad(op.transpose(x, perm=[1, 0, 2]), rows, const(np.float32(0)), const([1]))
    return op.pad(led, const([0, 1]), const(np.float32(0)), const([0])) if spare else led


def _read(x: Var, found: Sequence[Var], gates: Gates, spare: bool = False) -> Read:
    rows = op.shape(x, start=0, end=1)
    # Turned round after the cut, so that it meets, and cancels, the turn of a layer that follows.
    whole = op.transpose(_cut(op.squeeze(found[0], const([1])), rows, 1), perm=[1, 0, 2])
    last = tuple(
        op.reshape(_cut(op.squeeze(each, const([0])), rows, 0), const([0, gates.size])) for each in found[1:]
    )
    if spare:  # the state is the output before the spare step, or 0 where there is none
        ahead = op.pad(whole, const([0, 1, 0, 0, 0, 0]), const(np.float32(0)))
        last = (op.gather(ahead, const(-2), axis=1),)
        whole = op.slice(whole, const([0]), const([-1]), const([1]))
    # Sums of sizes: NaN from the first one on, and of nothing else.
    sizes = op.reduce_l1(x, const([2]))
    ever = op.reduce_sum(sizes, const([1]), keepdims=0)
    states = tuple(_spoiled(as_many(each, x), ever) for each in last)
    steps = _spoiled(as_many(whole, x), op.cumsum(sizes, const(1)))
    return Read(shaped(steps, *shape_of(x)[:2], gates.size), states, states[0])


def _spoiled(y: Var, read: Var) -> Var:
    """NaN where what was ``read`` comes to NaN: onnxruntime's operators pass over it."""
    return op.add(y, op.where(op.isnan(read), const(np.float32(np.nan)), const(np.float32(0))))


def _cut(x: Var, rows: Var, axis: int) -> Var:
    return op.slice(x, const([0]), rows, const([axis]))
