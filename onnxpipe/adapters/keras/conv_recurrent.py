"""Recurrent layers whose products are convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.calls import Call
from onnxpipe.adapters.keras.cells import long_short
from onnxpipe.adapters.keras.convolutional import window
from onnxpipe.adapters.keras.layers import own, with_weights
from onnxpipe.adapters.keras.recurrent import answered, given
from onnxpipe.blocks.networks import convolving, recurrent
from onnxpipe.blocks.networks.convolving import Window
from onnxpipe.blocks.networks.recurrent import Read, Step
from onnxpipe.core.ops import Var, const, filled, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]

_COMPARED = 3e-6
"""At what sums are compared in the end: 1e-5 of answers of a third, as half open gates give them."""


def _noisy(stage: Stage, x: Array) -> Array:
    """Rows ``[N, d]`` whose gates' sums are off by more than answers are compared at, and at no end either.

    Of ``n`` terms of either sign, summed one by one, rounding leaves half a step of a sum of half of them,
    ``n`` times over and of either sign too (Higham and Mary 2019): -255 and 255 in turns come to that, and
    TensorFlow is then as far from its own float64 as onnxruntime is. Sums off by 1 are far beyond any gate.
    """
    kernel = own(with_weights(stage, "cell", f"conv_lstm{stage.kind[-2]}d_cell"))[0]
    terms = kernel.reshape(-1, kernel.shape[-1])
    size = np.sqrt(np.mean(np.where(np.isfinite(x), x, 0.0) ** 2, axis=1))
    sums = size * np.sqrt((terms.astype(float) ** 2).sum(axis=0).max())
    off = np.finfo(np.float32).eps / 2 / np.sqrt(3) * np.sqrt(len(terms) / 2) * sums
    return np.asarray((off > _COMPARED) & (off < 1))


@converts("keras.layers.ConvLSTM1D", "keras.layers.ConvLSTM2D", "keras.layers.ConvLSTM3D", wild=_noisy)
def conv_lstm(stage: Stage, call: Call) -> Any:
    """Formula: keras.src.layers.rnn.conv_lstm, ConvLSTMCell.call; gates are input, forget, cell, output."""
    told = given(stage, call)
    x = _channels_first(stage, told.x, 2)
    step, size = _step(with_weights(stage, "cell", f"conv_lstm{stage.kind[-2]}d_cell"), x)
    blank = filled(x, np.float32(0), *size)
    start = [_channels_first(stage, state, 1) for state in told.states] or [blank, blank]
    read = recurrent.stepwise(x, start, step, blank, told.skip)
    states = tuple(_channels_back(stage, state, 1) for state in read.states)
    whole = _channels_back(stage, read.steps, 2), states, _channels_back(stage, read.last, 1)
    return answered(stage, Read(*whole), told.mask)


def _step(stage: Stage, x: Var) -> tuple[Step, list[int]]:
    """The cell's step, and the sizes of its states' rows."""
    kernel, states, *bias = own(stage)
    rank = kernel.ndim - 2
    inputs, inner = (np.moveaxis(weights, (-1, -2), (0, 1)) for weights in (kernel, states))
    moves = window(stage, stage.kernel_size, rank)
    same = Window(list(kernel.shape[:-2]), [1] * rank, [1] * rank, "same")
    added = const(bias[0].reshape([-1] + [1] * rank) if bias else np.float32(0))
    first = convolving.convolved(op.gather(x, const(0), axis=1), inputs, moves, 1)

    def step(now: Var, before: Sequence[Var]) -> tuple[Var, Sequence[Var]]:
        made = op.add(convolving.convolved(now, inputs, moves, 1), added)
        whole = op.add(made, convolving.convolved(before[0], inner, same, 1))
        return long_short(stage, op.split(whole, num_outputs=4, axis=1), before[1])

    return step, [kernel.shape[-1] // 4, *shape_of(first)[2:]]


def _channels_first(stage: Stage, x: Var, axis: int) -> Var:
    """``x`` with channels at an axis, from wherever the layer has them."""
    if stage.get("data_format") == "channels_first":
        return x
    rank = len(shape_of(x))
    return op.transpose(x, perm=[*range(axis), rank - 1, *range(axis, rank - 1)])


def _channels_back(stage: Stage, x: Var, axis: int) -> Var:
    if stage.get("data_format") == "channels_first":
        return x
    rank = len(shape_of(x))
    return op.transpose(x, perm=[*range(axis), *range(axis + 1, rank), axis])
