"""Recurrent cells: one step, and which states are carried to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.activations import named
from onnxpipe.adapters.keras.calls import Call, Value, flat
from onnxpipe.adapters.keras.layers import own
from onnxpipe.blocks.networks.recurrent import Step
from onnxpipe.core.ops import Var, const, dtype_of, filled, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of a cell, and the widths of its states and of its output."""

    step: Step
    states: tuple[int, ...]
    output: int

    def start(self, x: Var) -> tuple[Var, ...]:
        """States of zeros ``[N, h]`` for as many rows as ``x`` has."""
        return tuple(filled(x, np.zeros((), dtype_of(x)), size) for size in self.states)


def cell_of(stage: Stage) -> Cell:
    """The cell that a stage's fields and weights make. Raises Unsupported for any but Keras's own."""
    kind = stage.kind.rpartition(".")[2].removesuffix("Cell")
    if kind not in _CELLS:
        raise stage.unsupported("is no cell that steps are known of")
    return _CELLS[kind](stage)


@converts("keras.layers.SimpleRNNCell", "keras.layers.GRUCell", "keras.layers.LSTMCell")
def one_step(stage: Stage, call: Call) -> Any:
    """A cell by itself: an output and the states after it."""
    return _stepped(stage, call)


@converts("keras.layers.StackedRNNCells")
def one_step_of_all(stage: Stage, call: Call) -> Any:
    return _stepped(stage, call)


def _stepped(stage: Stage, call: Call) -> Any:
    states = [value.var for value in flat(call.get(1, "states")) if isinstance(value, Value)]
    output, after = cell_of(stage).step(call.first.var, states)
    return [output, list(after)]


def _simple(stage: Stage) -> Cell:
    """Formula: keras.layers.SimpleRNNCell.call."""
    kernel, recurrent, *bias = own(stage)

    def step(x: Var, states: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
        y = op.add(_product(x, kernel, bias), op.matmul(states[0], const(recurrent)))
        after = named(stage, y)
        return after, [after]

    return Cell(step, (len(recurrent),), len(recurrent))


def _gated(stage: Stage) -> Cell:
    """Formula: keras.layers.GRUCell.call."""
    kernel, recurrent, *bias = own(stage)
    size, late = len(recurrent), bool(stage.get("reset_after", True))
    biases = list(bias[0].reshape(-1, 3 * size)) if bias else []
    cuts = (0, size, 2 * size, 3 * size)

    def step(x: Var, states: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
        (h,) = states
        xz, xr, xh = _parts(_product(x, kernel, biases[:1]), cuts)
        gates = recurrent if late else recurrent[:, : 2 * size]
        hz, hr, *hh = _parts(_product(h, gates, biases[1:]), cuts if late else cuts[:3])
        z, r = (named(stage, op.add(*pair), "recurrent_activation") for pair in ((xz, hz), (xr, hr)))
        inner = op.mul(r, hh[0]) if late else op.matmul(op.mul(r, h), const(recurrent[:, 2 * size :]))
        fresh = named(stage, op.add(xh, inner))
        after = op.add(op.mul(z, h), op.mul(op.sub(const(1, dtype_of(z)), z), fresh))
        return after, [after]

    return Cell(step, (size,), size)


def _long_short(stage: Stage) -> Cell:
    """Formula: keras.layers.LSTMCell.call; gates are input, forget, cell, output."""
    kernel, recurrent, *bias = own(stage)
    size = len(recurrent)

    def step(x: Var, states: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
        whole = op.add(_product(x, kernel, bias), op.matmul(states[0], const(recurrent)))
        return long_short(stage, _parts(whole, [size * i for i in range(5)]), states[1])

    return Cell(step, (size, size), size)


def long_short(stage: Stage, gates: Sequence[Var], before: Var) -> tuple[Var, Sequence[Var]]:
    """The output and the states after a step, of the gates' sums and the carry before it."""
    i, f, o = (named(stage, gates[place], "recurrent_activation") for place in (0, 1, 3))
    carry = op.add(op.mul(f, before), op.mul(i, named(stage, gates[2])))
    output = op.mul(o, named(stage, carry))
    return output, [output, carry]


def _stacked(stage: Stage) -> Cell:
    """Each cell on what the one before it answers. Formula: keras.layers.StackedRNNCells.call."""
    cells = [cell_of(stage.child(str(each.get("name")), each)) for each in stage.cells]

    def step(x: Var, states: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
        todo, after = list(states), []
        for cell in cells:
            mine, todo = todo[: len(cell.states)], todo[len(cell.states) :]
            x, made = cell.step(x, mine)
            after += list(made)
        return x, after

    return Cell(step, tuple(size for cell in cells for size in cell.states), cells[-1].output)


_CELLS: dict[str, Callable[[Stage], Cell]] = {
    "SimpleRNN": _simple, "GRU": _gated, "LSTM": _long_short, "StackedRNNCells": _stacked,
}  # fmt: skip


def _product(x: Var, kernel: Array, bias: Sequence[Array]) -> Var:
    y = op.matmul(x, const(kernel))
    return op.add(y, const(bias[0])) if bias else y


def _parts(x: Var, cuts: Sequence[int]) -> list[Var]:
    """The columns between each cut and the next."""
    return [op.slice(x, const([a]), const([b]), const([1])) for a, b in pairwise(cuts)]
