"""Layers that make spectra of signals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.layers import own
from onnxpipe.blocks import convolving
from onnxpipe.blocks.convolving import Window
from onnxpipe.core.ops import Var, const, op, shape_of, shaped
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]

_LEAST = np.float32(1e-7)
"""keras.backend.epsilon()."""


@converts("keras.layers.STFTSpectrogram")
def stft_spectrogram(stage: Stage, x: Var) -> Var:
    """A short-time Fourier transform as two convolutions. Formula: keras.layers.STFTSpectrogram.call."""
    first, mode = stage.get("data_format") == "channels_first", str(stage.mode)
    x = x if first else op.transpose(x, perm=[0, 2, 1])
    if mode == "angle":
        raise stage.unsupported("answers angles")
    parts = [_convolved(stage, x, kernel) for kernel in own(stage)]
    if mode == "stft":
        return _placed(stage, op.concat(parts, axis=2), first)
    if mode in ("real", "imag"):
        return _placed(stage, parts[0], first)
    real, imaginary = parts
    power = op.add(op.mul(real, real), op.mul(imaginary, imaginary))
    if mode == "psd":
        inner = op.slice(power, const([1]), const([-1]), const([2]))
        return _placed(stage, op.add(power, op.pad(inner, const([0, 0, 1, 0, 0, 0, 1, 0]))), first)
    size = _placed(stage, op.sqrt(op.max([power, const(_LEAST)])), first)
    return size if mode == "magnitude" else op.log(op.max([size, const(_LEAST)]))


def _convolved(stage: Stage, x: Var, kernel: Array) -> Var:
    """Each channel of ``x`` ``[N, C, T]`` with every frequency's window: ``[N, C, F, frames]``."""
    channels, (length, _, count) = shape_of(x)[1], kernel.shape
    step = int(stage.get("frame_step") or length // 2)
    weights = np.tile(np.moveaxis(kernel, (-1, -2), (0, 1)), (channels, 1, 1))
    y = convolving.convolved(x, weights, Window([length], [step], [1], str(stage.padding)), channels)
    sizes = op.concat([op.shape(y, end=1), const([channels, count]), op.shape(y, start=2)], axis=0)
    return shaped(op.reshape(y, sizes), shape_of(x)[0], channels, count, shape_of(y)[2])


def _placed(stage: Stage, y: Var, first: bool) -> Var:
    """``y`` ``[N, C, F, frames]`` in the layout that the layer has."""
    if stage.get("expand_dims"):
        return op.transpose(y, perm=[0, 1, 3, 2] if first else [0, 3, 2, 1])
    batch, channels, count, frames = shape_of(y)
    sizes = op.concat([op.shape(y, end=1), const([channels * count]), op.shape(y, start=3)], axis=0)
    joined = shaped(op.reshape(y, sizes), batch, channels * count, frames)
    return joined if first else op.transpose(joined, perm=[0, 2, 1])
