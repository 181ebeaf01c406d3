"""The random numbers that Spark starts from, as Java draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def gammas(seed: int, shape: float, count: int) -> NDArray[np.float64]:
    """``count`` draws of a gamma distribution of this shape above 1 and of mean 1.

    Formula: Gamma.draw in breeze/stats/distributions/Gamma.scala (Marsaglia and Tsang, 2000), on the
    Mersenne twister of Apache Commons Math.
    """
    if not shape > 1:
        raise ValueError(f"a gamma distribution of shape {shape} is drawn from")
    uniforms = _uniforms(seed)
    normals = _normals(uniforms)
    return np.array([_gamma(uniforms, normals, shape) / shape for _ in range(count)])


def _gamma(uniforms: Iterator[float], normals: Iterator[float], shape: float) -> float:
    size = shape - 1 / 3
    for x in normals:
        cube = (1 + x / np.sqrt(9 * size)) ** 3
        if cube <= 0:
            continue
        u = next(uniforms)
        if u < 1 - 0.0331 * x**4 or np.log(u) < 0.5 * x * x + size * (1 - cube + np.log(cube)):
            return float(size * cube)
    raise AssertionError("normals never end")


def _normals(uniforms: Iterator[float]) -> Iterator[float]:
    """Two at a time: BitsStreamGenerator.nextGaussian."""
    while True:
        angle, size = 2 * np.pi * next(uniforms), np.sqrt(-2 * np.log(next(uniforms)))
        yield float(size * np.cos(angle))
        yield float(size * np.sin(angle))


def _uniforms(seed: int) -> Iterator[float]:
    """Numbers from 0 to 1 of 52 bits: MersenneTwister(long) and BitsStreamGenerator.nextDouble."""
    words = [(seed >> 32) & 0xFFFFFFFF, seed & 0xFFFFFFFF]
    bits = np.random.MT19937()
    state: Any = np.random.RandomState(words).get_state(legacy=False)
    bits.state = state
    while True:
        high, low = (int(bits.random_raw()) >> 6 for _ in range(2))
        yield float(((high << 26) | low) * 2.0**-52)
