"""Convolutions: plain, depthwise, separable and transposed, over one to three axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras import activations
from onnxpipe.adapters.keras.halves import settled
from onnxpipe.adapters.keras.layers import own
from onnxpipe.adapters.keras.places import moved, sizes
from onnxpipe.blocks.networks import convolving
from onnxpipe.blocks.networks.convolving import Window
from onnxpipe.core.ops import Var, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]


def window(stage: Stage, size: Any, rank: int) -> Window:
    """How a layer's window moves over ``rank`` axes."""
    steps = sizes(stage.get("strides") or size, rank)
    spread = sizes(stage.get("dilation_rate", 1), rank)
    return Window(sizes(size, rank), steps, spread, str(stage.padding))


def _biased(stage: Stage, y: Var, bias: list[Array]) -> Var:
    """The bias, where there is one, added to each channel; channels are after the batch."""
    y = settled(stage, y)
    return op.add(y, const(bias[0].reshape([-1] + [1] * (len(shape_of(y)) - 2)))) if bias else y


@converts("keras.layers.Conv1D", "keras.layers.Conv2D", "keras.layers.Conv3D", within=activations.borders)
def convolution(stage: Stage, x: Var) -> Var:
    """Kernels are ``[..., in / groups, out]``."""
    kernel, *bias = own(stage)
    moves = window(stage, stage.kernel_size, kernel.ndim - 2)
    weights = np.moveaxis(kernel, (-1, -2), (0, 1))
    groups = int(stage.get("groups", 1))
    y = moved(stage, x, lambda x: _biased(stage, convolving.convolved(x, weights, moves, groups), bias))
    return activations.named(stage, y)


@converts("keras.layers.DepthwiseConv1D", "keras.layers.DepthwiseConv2D", within=activations.borders)
def depthwise(stage: Stage, x: Var) -> Var:
    """Kernels are ``[..., in, multiplier]``; each channel is convolved alone."""
    kernel, *bias = own(stage)
    moves = window(stage, stage.kernel_size, kernel.ndim - 2)
    y = moved(stage, x, lambda x: _biased(stage, _each_channel(x, kernel, moves), bias))
    return activations.named(stage, y)


def _each_channel(x: Var, kernel: Array, moves: Window) -> Var:
    weights = np.moveaxis(kernel, (-2, -1), (0, 1))
    weights = weights.reshape(-1, 1, *weights.shape[2:])
    return convolving.convolved(x, weights, moves, kernel.shape[-2])


@converts("keras.layers.SeparableConv1D", "keras.layers.SeparableConv2D", within=activations.borders)
def separable(stage: Stage, x: Var) -> Var:
    """Each channel convolved alone, then channels mixed place by place."""
    alone, mixing, *bias = own(stage)
    rank = alone.ndim - 2
    moves, point = window(stage, stage.kernel_size, rank), Window([1] * rank, [1] * rank, [1] * rank, "valid")
    weights = np.moveaxis(mixing, (-1, -2), (0, 1))

    def mixed(x: Var) -> Var:
        return _biased(stage, convolving.convolved(_each_channel(x, alone, moves), weights, point, 1), bias)

    return activations.named(stage, moved(stage, x, mixed))


@converts(
    "keras.layers.Conv1DTranspose",
    "keras.layers.Conv2DTranspose",
    "keras.layers.Conv3DTranspose",
    within=activations.borders,
)
def transposed(stage: Stage, x: Var) -> Var:
    """Kernels are ``[..., out, in]``. Sizes: keras.src.backend.common.backend_utils."""
    kernel, *bias = own(stage)
    rank = kernel.ndim - 2
    moves = window(stage, stage.kernel_size, rank)
    weights = np.moveaxis(kernel, (-1, -2), (0, 1))
    beyond = _beyond(stage, moves, rank)
    y = moved(stage, x, lambda x: _biased(stage, convolving.convolved_back(x, weights, moves, beyond), bias))
    return activations.named(stage, y)


def _beyond(stage: Stage, moves: Window, rank: int) -> list[int]:
    """How much longer than ``n * step`` each axis becomes. Source: _get_output_shape_given_tf_padding."""
    pairs = list(zip(moves.reach, moves.steps, strict=True))
    more = stage.get("output_padding")
    if more is None:
        return [0 if moves.padding == "same" else max(k - s, 0) for k, s in pairs]
    added = sizes(more, rank)
    taken = [2 * (k // 2) if moves.padding == "same" else 0 for k, _ in pairs]
    return [k - s - t + a for (k, s), t, a in zip(pairs, taken, added, strict=True)]
