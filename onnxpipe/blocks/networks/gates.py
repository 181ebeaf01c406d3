"""Cells with gates by the standard's operators, and by their formulas where those fail (onnxruntime 1.31).

Its operators pass over NaN, and end the process on no rows, GRU and RNN on no steps too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.networks.recurrent import Read, Step, stepwise
from onnxpipe.core.ops import Var, const, filled, op, shape_of, shaped

Array = NDArray[Any]

_BENDS: dict[str, Callable[[Var], Var]] = {
    "Tanh": op.tanh,
    "Sigmoid": op.sigmoid,
    "Relu": op.relu,
    "Softsign": op.softsign,
    "Softplus": op.softplus,
}


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


@dataclass(frozen=True, slots=True)
class _Formula:
    """A cell's weights as its formula takes them: ``[d, k h]``, ``[h, k h]``, twice ``[k h]``."""

    inputs: Var
    states: Var
    biases: Sequence[Var]
    gates: Gates

    def read(self, x: Var) -> list[Var]:
        """What each gate makes of a step ``[N, d]``."""
        return self._parted(op.add(op.matmul(x, self.inputs), self.biases[0]))

    def kept(self, state: Var) -> list[Var]:
        """What each gate makes of the state before it ``[N, h]``."""
        return self._parted(op.add(op.matmul(state, self.states), self.biases[1]))

    def bent(self, place: int, x: Var) -> Var:
        return _BENDS[self.gates.bends[place]](x)

    def _parted(self, x: Var) -> list[Var]:
        count = len(self.gates.inputs)
        return list(op.split(x, num_outputs=count, axis=1)) if count > 1 else [x]


def long_short(x: Var, gates: Gates) -> Read:
    """Hochreiter and Schmidhuber's cell; gates are input, output, forget, cell."""

    def run(led: Var, weights: Sequence[Var]) -> Sequence[Var]:
        return op.lstm(led, *weights, activations=gates.bends, hidden_size=gates.size)

    def step_of(cell: _Formula) -> Step:
        def step(now: Var, before: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
            i, o, f, c = map(op.add, cell.read(now), cell.kept(before[0]))
            i, o, f = (cell.bent(0, gate) for gate in (i, o, f))
            carry = op.add(op.mul(f, before[1]), op.mul(i, cell.bent(1, c)))
            output = op.mul(o, cell.bent(2, carry))
            return output, [output, carry]

        return step

    return _read(x, gates, run, step_of)


def gated(x: Var, gates: Gates, after: bool) -> Read:
    """Cho's unit; gates are update, reset, hidden, the reset applied ``after`` the product or before it."""
    bends, size, late = gates.bends, gates.size, int(after)

    def run(led: Var, weights: Sequence[Var]) -> Sequence[Var]:
        return op.gru(led, *weights, activations=bends, hidden_size=size, linear_before_reset=late)

    def step_of(cell: _Formula) -> Step:
        def step(now: Var, before: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
            (h,) = before
            (xz, xr, xh), (hz, hr, hh) = cell.read(now), cell.kept(h)
            z, r = (cell.bent(0, op.add(*pair)) for pair in ((xz, hz), (xr, hr)))
            inner = op.mul(r, hh) if after else cell.kept(op.mul(r, h))[2]
            fresh = cell.bent(1, op.add(xh, inner))
            state = op.add(op.mul(z, h), op.mul(op.sub(const(np.float32(1)), z), fresh))
            return state, [state]

        return step

    return _read(x, gates, run, step_of)


def simple(x: Var, gates: Gates) -> Read:
    """Elman's unit."""

    def run(led: Var, weights: Sequence[Var]) -> Sequence[Var]:
        return op.rnn(led, *weights, activations=gates.bends, hidden_size=gates.size)

    def step_of(cell: _Formula) -> Step:
        def step(now: Var, before: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
            state = cell.bent(0, op.add(cell.read(now)[0], cell.kept(before[0])[0]))
            return state, [state]

        return step

    return _read(x, gates, run, step_of)


def _read(
    x: Var,
    gates: Gates,
    run: Callable[[Var, Sequence[Var]], Sequence[Var]],
    step_of: Callable[[_Formula], Step],
) -> Read:
    """What an operator that takes steps ``[T, N, d]`` answers; step by step where it would be wrong."""
    weights, led = gates.tensors(), op.transpose(x, perm=[1, 0, 2])
    steps, *states = op.if_(
        _is_odd(led),
        then_branch=lambda: _by_formula(led, gates, step_of(_formula(gates, weights))),
        else_branch=lambda: run(led, weights),
    )
    (rows, length), size = shape_of(x)[:2], gates.size
    turned = op.squeeze(shaped(steps, length, 1, rows, size), const([1]))
    known = tuple(op.squeeze(shaped(each, 1, rows, size), const([0])) for each in states)
    return Read(op.transpose(turned, perm=[1, 0, 2]), known, known[0])


def _is_odd(led: Var) -> Var:
    """Whether there may be NaN among the numbers, or none at all: their mean is NaN then."""
    count = op.cast(op.size(led), to=np.float32)
    return op.isnan(op.div(op.reduce_sum(led, keepdims=0), count))


def _formula(gates: Gates, weights: Sequence[Var]) -> _Formula:
    """The operators' own weights, so that a model holds them once."""
    inputs, states = (op.transpose(op.squeeze(w, const([0])), perm=[1, 0]) for w in weights[:2])
    biases = op.split(op.squeeze(weights[2], const([0])), num_outputs=2, axis=0)
    return _Formula(inputs, states, biases, gates)


def _by_formula(led: Var, gates: Gates, step: Step) -> list[Var]:
    """Outputs and states laid out as the operators do.

    Nothing but ``led`` is read, so that its turn meets, and cancels, that of a layer before.
    """
    x = op.transpose(led, perm=[1, 0, 2])
    start = [filled(x, np.float32(0), gates.size)] * (2 if len(gates.inputs) == 4 else 1)
    read = stepwise(x, start, step, start[0])
    whole = op.unsqueeze(op.transpose(read.steps, perm=[1, 0, 2]), const([1]))
    return [whole, *(op.unsqueeze(state, const([0])) for state in read.states)]
