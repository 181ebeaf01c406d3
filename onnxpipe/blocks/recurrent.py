"""Sequences ``[N, T, d]`` read step by step by cells with gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, as_many, const, op

Array = NDArray[Any]


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
    """Every step's output ``[N, T, h]``, and the states after the last ``[N, h]``."""

    steps: Var
    last: tuple[Var, ...]


def long_short(x: Var, gates: Gates) -> Read:
    """Hochreiter and Schmidhuber's cell; gates are input, output, forget, cell."""
    found = op.lstm(_led(x), *gates.tensors(), activations=gates.bends, hidden_size=gates.size)
    return _read(x, found, gates)


def gated(x: Var, gates: Gates, after: bool) -> Read:
    """Cho's unit; gates are update, reset, hidden, the reset applied ``after`` the product or before it."""
    found = op.gru(
        _led(x),
        *gates.tensors(),
        activations=gates.bends,
        hidden_size=gates.size,
        linear_before_reset=int(after),
    )
    return _read(x, found, gates)


def simple(x: Var, gates: Gates) -> Read:
    """Elman's unit."""
    return _read(x, op.rnn(_led(x), *gates.tensors(), activations=gates.bends, hidden_size=gates.size), gates)


def reversed_steps(x: Var) -> Var:
    """The steps of ``x`` from the last to the first."""
    return op.slice(x, const([-1]), const([np.iinfo(np.int64).min]), const([1]), const([-1]))


def _led(x: Var) -> Var:
    """Steps first, and a row of zeros below, which is cut off again: not every operator takes no rows."""
    return op.transpose(op.pad(x, const([0, 0, 0, 1, 0, 0]), const(np.float32(0))), perm=[1, 0, 2])


def _read(x: Var, found: Sequence[Var], gates: Gates) -> Read:
    steps = op.transpose(op.squeeze(found[0], const([1])), perm=[1, 0, 2])
    whole = op.reshape(_cut(steps), const([0, 0, gates.size]))
    last = tuple(op.reshape(_cut(op.squeeze(each, const([0]))), const([0, gates.size])) for each in found[1:])
    return Read(as_many(whole, x), tuple(as_many(each, x) for each in last))


def _cut(x: Var) -> Var:
    return op.slice(x, const([0]), const([-1]), const([0]))
