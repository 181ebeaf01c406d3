"""Features whose products approximate a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear, numeric
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote

Array = NDArray[Any]

_PER_COMPONENT, _TERMS = 8, 2**16
"""Up to how many products for each component, and in all, they are added up one by one."""


def cosines(x: Var, weights: Array, offset: Array, scale: float) -> Var:
    """``cos(x @ weights + offset) * scale`` ``[N, k]``."""
    angle = linear.affine(x, weights.T, offset)
    return op.mul(numeric.cos(angle), const(scale, dtype_of(angle)))


def chi_squared(x: Var, steps: int, interval: float) -> Var:
    """Samples of the additive chi-squared kernel's spectrum ``[N, d * (2 * steps - 1)]``, as ``x`` is stored.

    ``x`` isn't negative. Formula: AdditiveChi2Sampler in sklearn/kernel_approximation.py, after
    Vedaldi and Zisserman, PAMI 34 (2012).
    """
    wide = x if dtype_of(x).kind == "f" else cast(x, np.float64)
    kind = dtype_of(wide)
    zero = op.equal(wide, const(0, kind))
    safe = op.where(zero, const(1, kind), wide)
    step = const(interval, kind)
    scaled, log = op.mul(safe, step), op.mul(op.log(safe), step)
    parts = [op.sqrt(scaled)]
    for j in range(1, steps):
        size = op.sqrt(op.div(*promote(scaled + scaled, np.cosh(np.pi * j * interval))))
        angle = op.mul(log, const(j, kind))
        parts += [op.mul(*promote(size, wave(angle))) for wave in (numeric.cos, op.sin)]
    kept = [op.where(zero, const(0, dtype_of(part)), part) for part in parts]
    return op.concat([cast(part, dtype_of(x)) for part in kept], axis=1)


def polynomial(x: Var, hashes: Array, weights: Array, size: int) -> Var:
    """The tensor sketch ``[N, size]`` of float64 ``x`` ``[N, d]``: count sketches, convolved in a circle.

    ``hashes`` and ``weights`` are ``[degree, d]``: where each column goes, times what. Products of few
    columns are added up where they belong: what none belongs to is 0, and no noise of a transform.
    """
    terms = hashes.shape[1] ** len(hashes)
    few = terms <= min(_PER_COMPONENT * size, _TERMS)
    return _convolved(x, hashes, weights, size) if few else _transformed(x, hashes, weights, size)


def _convolved(x: Var, hashes: Array, weights: Array, size: int) -> Var:
    """The products ``[N, d ** degree]``, each added to its component."""
    made, place = op.mul(x, const(weights[0])), hashes[0].astype(np.int64)
    for to, by in zip(hashes[1:], weights[1:], strict=True):
        outer = op.mul(op.unsqueeze(made, const([2])), op.unsqueeze(op.mul(x, const(by)), const([1])))
        place = (place[:, None] + to).ravel() % size
        made = op.reshape(outer, const([0, len(place)]))
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=size)
    slot = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((counts.max(), size), len(place))
    table[slot, place[order]] = order
    padded = op.pad(made, const([0, 0, 0, 1]), const(0.0))
    parts = [op.gather(padded, const(row), axis=1) for row in table]
    return parts[0] if len(parts) == 1 else op.sum(parts)


def _transformed(x: Var, hashes: Array, weights: Array, size: int) -> Var:
    """The same by way of spectra.

    A count sketch and its discrete Fourier transform are linear, so one product takes ``x`` to a spectrum;
    it is a real signal's, of which half is enough.
    Pham and Pagh, KDD 2013.
    """
    half = size // 2 + 1
    waves = np.exp(-2j * np.pi * (np.outer(np.arange(size), np.arange(half)) % size) / size)
    spectra = weights[:, :, None] * waves[hashes]
    real, imaginary = _spectrum(x, spectra[0])
    for spectrum in spectra[1:]:
        a, b = _spectrum(x, spectrum)
        real, imaginary = real * a - imaginary * b, real * b + imaginary * a
    twice = np.where((np.arange(half) == 0) | (2 * np.arange(half) == size), 1, 2) / size
    back = np.concatenate([waves.real * twice, waves.imag * twice], axis=1)
    return linear.affine(op.concat([real, imaginary], axis=1), back)


def _spectrum(x: Var, waves: Array) -> tuple[Var, Var]:
    """Real and imaginary part of ``x @ waves``."""
    real, imaginary = op.split(
        linear.affine(x, np.concatenate([waves.real, waves.imag], axis=1).T), num_outputs=2, axis=1
    )
    return real, imaginary
