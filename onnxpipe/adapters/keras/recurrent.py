"""Recurrent layers, in one direction and in both, and layers spread over steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.calls import Call, Value, apply, flat
from onnxpipe.adapters.keras.layers import part
from onnxpipe.blocks import recurrent
from onnxpipe.blocks.recurrent import Gates, Read
from onnxpipe.core.ops import Var, const, op, shape_of
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
    return Gates(inputs, states, biases, [_bend(stage, field) for field in bends])


def _bend(stage: Stage, field: str) -> str:
    name = stage.get(field)
    if name not in _BENDS:
        raise stage.unsupported(f"has {field} {name!s:.60}, which no recurrent operator knows")
    return _BENDS[str(name)]


def _started(stage: Stage, call: Call) -> Var:
    """The sequence in the order in which the layer reads it. Raises Unsupported for what isn't kept here."""
    x = call.first
    mask = call.kwargs.get("mask")
    if not isinstance(x, Value) or any(
        isinstance(v, Value) for v in flat([*call.args[1:], call.get(1, "initial_state")])
    ):
        raise stage.unsupported("is given the state to start from")
    if x.mask is not None or isinstance(mask, Value):
        raise stage.unsupported("skips the steps that a mask leaves out")
    if stage.get("stateful"):
        raise stage.unsupported("keeps its state from one batch to the next")
    return recurrent.reversed_steps(x.var) if stage.get("go_backwards") else x.var


def _answer(stage: Stage, read: Read) -> Any:
    output = read.steps if stage.get("return_sequences") else read.last[0]
    return [output, *read.last] if stage.get("return_state") else output


@converts("keras.layers.LSTM")
def lstm(stage: Stage, call: Call) -> Any:
    """Keras's gates are input, forget, cell, output."""
    gates = _gates(stage, "lstm_cell", (0, 3, 1, 2), ("recurrent_activation", "activation", "activation"))
    return _answer(stage, recurrent.long_short(_started(stage, call), gates))


@converts("keras.layers.GRU")
def gru(stage: Stage, call: Call) -> Any:
    gates = _gates(stage, "gru_cell", (0, 1, 2), ("recurrent_activation", "activation"))
    return _answer(stage, recurrent.gated(_started(stage, call), gates, bool(stage.get("reset_after"))))


@converts("keras.layers.SimpleRNN")
def simple_rnn(stage: Stage, call: Call) -> Any:
    gates = _gates(stage, "simple_rnn_cell", (0,), ("activation",))
    return _answer(stage, recurrent.simple(_started(stage, call), gates))


@converts("keras.layers.Bidirectional")
def bidirectional(stage: Stage, call: Call) -> Any:
    """Both layers on the sequence, their answers merged. Formula: keras.layers.Bidirectional.call."""
    fields = ("layer", "backward_layer")
    there, back = (list(flat(apply(stage.child(f, stage.state[f]), call))) for f in fields)
    if stage.layer.get("return_sequences"):
        back[0] = Value(recurrent.reversed_steps(back[0].var), back[0].mask)
    merged = _merged(stage, there[0].var, back[0].var)
    states = [value.var for value in [*there[1:], *back[1:]]]
    return [*merged, *states] if states or len(merged) > 1 else merged[0]


def _merged(stage: Stage, a: Var, b: Var) -> list[Var]:
    mode = stage.get("merge_mode", "concat")
    if mode is None:
        return [a, b]
    if mode == "concat":
        return [op.concat([a, b], axis=-1)]
    if mode == "ave":
        return [op.div(op.add(a, b), const(np.float32(2)))]
    return [op.mul(a, b) if mode == "mul" else op.add(a, b)]


@converts("keras.layers.TimeDistributed")
def time_distributed(stage: Stage, call: Call) -> Var:
    """The layer inside on every step, as if each were a row."""
    x = call.first.var
    if call.first.mask is not None:
        raise stage.unsupported("skips the steps that a mask leaves out")
    rest: Any = shape_of(x)[2:]
    rows = op.reshape(op.flatten(x, axis=2), const([0, *rest], np.int64))
    answer: Value = apply(stage.child("layer", stage.layer), Call((Value(rows),)))
    made: Any = shape_of(answer.var)[1:]
    steps = op.pad(op.shape(x, start=0, end=2), const([0, len(made)]))
    return op.reshape(answer.var, op.add(steps, const([0, 0, *made], np.int64)))
