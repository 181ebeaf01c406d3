"""Recurrent layers, in one direction and in both, and layers spread over steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.calls import Call, Value, apply, flat
from onnxpipe.adapters.keras.cells import cell_of
from onnxpipe.adapters.keras.layers import part, with_weights
from onnxpipe.blocks.networks import gates, recurrent
from onnxpipe.blocks.networks.gates import Gates
from onnxpipe.blocks.networks.recurrent import Read, Skip
from onnxpipe.core.ops import Var, cast, const, dtype_of, filled, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]

_BENDS = {
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "relu": "Relu",
    "softsign": "Softsign",
    "softplus": "Softplus",
}


def _gates(stage: Stage, cell: str, order: Sequence[int], bends: Sequence[str]) -> Gates:
    """A cell's weights, Keras's gates in the order given."""
    kernel, states, *bias = part(stage, "cell", cell)
    size, count = states.shape[0], len(order)
    inputs, states = (w.T.reshape(count, size, -1)[list(order)] for w in (kernel, states))
    biases = np.zeros((2, count, size), kernel.dtype)
    if bias:
        given = bias[0].reshape(-1, count, size)[:, list(order)]
        biases[: len(given)] = given
    return Gates(inputs, states, biases, [_BENDS[stage.get(field)] for field in bends])


class Given(NamedTuple):
    """What a layer reads, in its order: the sequence, which steps count, and the states to start from."""

    x: Var
    skip: Skip | None
    states: list[Var]
    mask: Var | None

    @property
    def is_plain(self) -> bool:
        """Whether all steps count and states start at 0, in single precision, as the operators take them.

        States may be NaN, which the operators pass over; they know no others in onnxruntime 1.31.
        """
        return self.skip is None and not self.states and dtype_of(self.x) == np.float32


def given(stage: Stage, call: Call) -> Given:
    """Masks go along only without states. Source: keras.layers.Layer.__call__, populating masks."""
    if stage.get("stateful"):
        raise stage.unsupported("keeps its state from one batch to the next")
    x, *inside = flat(call.first)
    states = [v.var for v in [*inside, *flat(call.get(1, "initial_state"))] if isinstance(v, Value)]
    explicit = call.get(2, "mask")
    mask = explicit.var if isinstance(explicit, Value) else None if states else x.mask
    mask = None if mask is None else cast(mask, np.bool_)
    back, blank = bool(stage.get("go_backwards")), bool(stage.get("zero_output_for_mask"))
    skip = None if mask is None else Skip(recurrent.reversed_steps(mask) if back else mask, blank)
    return Given(recurrent.reversed_steps(x.var) if back else x.var, skip, states, mask)


def answered(stage: Stage, read: Read, mask: Var | None) -> Any:
    """The mask stays with every step's output. Source: RNN.compute_mask."""
    whole = stage.get("return_sequences")
    output = Value(read.steps, mask) if whole else Value(read.last)
    return [output, *map(Value, read.states)] if stage.get("return_state") else output


def _is_known(stage: Stage, fields: Sequence[str]) -> bool:
    """Whether the recurrent operators know a layer's activations."""
    return all(stage.get(field) in _BENDS for field in fields)


def _by_steps(stage: Stage, cell: Stage, told: Given) -> Any:
    made = cell_of(cell)
    start = told.states or made.start(told.x)
    blank = filled(told.x, np.zeros((), dtype_of(told.x)), made.output)
    return answered(stage, recurrent.stepwise(told.x, start, made.step, blank, told.skip), told.mask)


@converts("keras.layers.LSTM")
def lstm(stage: Stage, call: Call) -> Any:
    """Keras's gates are input, forget, cell, output."""
    fields, told = ("recurrent_activation", "activation", "activation"), given(stage, call)
    if not told.is_plain or not _is_known(stage, fields):
        return _by_steps(stage, with_weights(stage, "cell", "lstm_cell"), told)
    read = gates.long_short(told.x, _gates(stage, "lstm_cell", (0, 3, 1, 2), fields))
    return answered(stage, read, None)


@converts("keras.layers.GRU")
def gru(stage: Stage, call: Call) -> Any:
    fields, told = ("recurrent_activation", "activation"), given(stage, call)
    if not told.is_plain or not _is_known(stage, fields):
        return _by_steps(stage, with_weights(stage, "cell", "gru_cell"), told)
    weights, after = _gates(stage, "gru_cell", (0, 1, 2), fields), bool(stage.get("reset_after"))
    return answered(stage, gates.gated(told.x, weights, after), None)


@converts("keras.layers.SimpleRNN")
def simple_rnn(stage: Stage, call: Call) -> Any:
    told = given(stage, call)
    if not told.is_plain or not _is_known(stage, ("activation",)):
        return _by_steps(stage, with_weights(stage, "cell", "simple_rnn_cell"), told)
    read = gates.simple(told.x, _gates(stage, "simple_rnn_cell", (0,), ("activation",)))
    return answered(stage, read, None)


@converts("keras.layers.RNN")
def rnn(stage: Stage, call: Call) -> Any:
    """A cell of its own, or several, one on the other."""
    return _by_steps(stage, stage.child("cell", stage.cell), given(stage, call))


@converts("keras.layers.Bidirectional")
def bidirectional(stage: Stage, call: Call) -> Any:
    """Both layers on the sequence, their answers merged. Formula: keras.layers.Bidirectional.call."""
    there, back = (list(flat(apply(*each))) for each in _both_ways(stage, call))
    if stage.layer.get("return_sequences"):
        back[0] = Value(recurrent.reversed_steps(back[0].var))
    merged = [Value(each, there[0].mask) for each in _merged(stage, there[0].var, back[0].var)]
    states = [Value(value.var) for value in [*there[1:], *back[1:]]]
    return [*merged, *states] if states or len(merged) > 1 else merged[0]


def _both_ways(stage: Stage, call: Call) -> Iterator[tuple[Stage, Call]]:
    """Either layer and what it is called on: of states to start from, its half.

    Steps that don't count answer 0. Source: keras.layers.Bidirectional.__init__.
    """
    x, *inside = flat(call.first)
    states = [v for v in [*inside, *flat(call.get(1, "initial_state"))] if isinstance(v, Value)]
    half = len(states) // 2
    mask = call.get(2, "mask")
    told = {"mask": mask} if isinstance(mask, Value) else {}
    for field, start in (("layer", states[:half]), ("backward_layer", states[half:])):
        layer = stage.child(field, stage.state[field])
        more = {"zero_output_for_mask": bool(layer.get("return_sequences"))}
        yield replace(layer, state={**layer.state, **more}), Call((x,), {"initial_state": start, **told})


def _merged(stage: Stage, a: Var, b: Var) -> list[Var]:
    mode = stage.get("merge_mode", "concat")
    if mode is None:
        return [a, b]
    if mode == "concat":
        return [op.concat([a, b], axis=-1)]
    if mode == "ave":
        return [op.div(op.add(a, b), const(2, dtype_of(a)))]
    return [op.mul(a, b) if mode == "mul" else op.add(a, b)]


@converts("keras.layers.TimeDistributed")
def time_distributed(stage: Stage, call: Call) -> Value:
    """The layer inside on every step, as if each were a row."""
    x, mask = call.first.var, call.first.mask
    if mask is not None and stage.layer.kind.rpartition(".")[2] in _MINDFUL:
        raise stage.unsupported("hands the mask of steps to a layer that takes masks")
    rest: Any = shape_of(x)[2:]
    rows = op.reshape(op.flatten(x, axis=2), const([0, *rest], np.int64))
    answer: Value = apply(stage.child("layer", stage.layer), Call((Value(rows),)))
    made: Any = shape_of(answer.var)[1:]
    steps = op.pad(op.shape(x, start=0, end=2), const([0, len(made)]))
    spread = op.reshape(answer.var, op.add(steps, const([0, 0, *made], np.int64)))
    return Value(shaped(spread, *shape_of(x)[:2], *made), mask)


_MINDFUL = (
    *("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"),
    *("TimeDistributed", "Functional", "Sequential", "Softmax", "Attention", "AdditiveAttention"),
    *("MultiHeadAttention", "GroupQueryAttention", "GlobalAveragePooling1D"),
)
"""Layers that have an argument ``mask``."""
