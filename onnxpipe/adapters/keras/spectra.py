"""Layers that make spectra of signals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.layers import own
from onnxpipe.blocks.networks import convolving
from onnxpipe.blocks.networks.convolving import Window
from onnxpipe.core.ops import Var, const, dtype_of, op, shape_of, shaped
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


@converts("keras.layers.MelSpectrogram")
def mel_spectrogram(stage: Stage, x: Var) -> Var:
    """How strong a signal ``[N, T]`` is in bands of the mel scale: ``[N, bands, frames]``.

    Formula: keras.layers.MelSpectrogram.call. In decibels it is cut ``top_db`` below the loudest of all
    rows, as Keras cuts it.
    """
    if len(shape_of(x)) != 2:
        raise stage.unsupported("takes signals of several channels")
    length, dtype = int(stage.fft_length), dtype_of(x)
    ends = const([0, length // 2, 0, length // 2])
    step, window = const(int(stage.sequence_stride)), const(_window(stage, length), dtype)
    padded = op.unsqueeze(op.pad(x, ends, mode="reflect"), const([2]))
    parts = op.stft(padded, step, window, const(length), onesided=1)
    power = op.reduce_sum(op.mul(parts, parts), const([3]), keepdims=0)
    if float(stage.mag_exp) != 2:
        power = op.pow(op.sqrt(power), const(stage.mag_exp, dtype))
    bands = op.matmul(shaped(power, shape_of(x)[0], None, length // 2 + 1), const(_mel_bands(stage), dtype))
    return op.transpose(_decibels(stage, bands) if stage.power_to_db else bands, perm=[0, 2, 1])


def _window(stage: Stage, length: int) -> Array:
    """The weights of a frame's places, in the middle of ``length``. Formula: tf.signal.hann_window.

    TensorFlow's windows of an odd length end as they begin.
    """
    count, told = int(stage.sequence_length), stage.get("window")
    turn = np.cos(2 * np.pi * np.arange(count) / max(count - count % 2, 1))
    known = {"hann": 0.5 - 0.5 * turn, "hamming": 0.54 - 0.46 * turn, None: np.ones(count)}
    held = known[told] if isinstance(told, str | None) else np.asarray(told)
    low = (length - count) // 2
    return np.pad(held, (low, length - count - low))


def _decibels(stage: Stage, power: Var) -> Var:
    """Formula: MelSpectrogram._dbscale."""
    least, dtype = float(stage.min_power), dtype_of(power)
    ten = const(10 / np.log(10), dtype)
    level = op.mul(op.log(op.max([power, const(least, dtype)])), ten)
    level = op.sub(level, const(10 * np.log10(max(abs(float(stage.ref_power)), least)), dtype))
    every = op.concat([op.reshape(level, const([-1])), const([-np.inf], dtype)], axis=0)
    loudest = op.reduce_max(every, keepdims=0)
    return op.max([level, op.sub(loudest, const(float(stage.top_db), dtype))])


def _mel_bands(stage: Stage) -> Array:
    """Each frequency's weight in each band, in single precision, as its edges are rounded there.

    Formula: MelSpectrogram.linear_to_mel_weight_matrix.
    """
    least, most, rate = (np.float32(stage.get(n)) for n in ("min_freq", "max_freq", "sampling_rate"))
    heard = np.linspace(0, rate / np.float32(2), int(stage.fft_length) // 2 + 1, dtype=np.float32)[1:]
    at = _mel(heard)[:, None]
    edges = np.linspace(_mel(least), _mel(most), int(stage.num_mel_bins) + 2, dtype=np.float32)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (at - low) / (middle - low), (high - at) / (high - middle)
    return np.pad(np.maximum(np.minimum(rising, falling), np.float32(0)), ((1, 0), (0, 0)))


def _mel(hertz: Any) -> Any:
    """Mels, the logarithm rounded once."""
    ratio = np.float32(1) + hertz / np.float32(700)
    return np.float32(1127) * np.log(ratio.astype(np.float64)).astype(np.float32)
