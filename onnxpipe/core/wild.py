"""Which rows are too far out to be made up: of them native has nothing but rounding noise, or no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.plan import Stage

Array = NDArray[Any]
Wild = Callable[[Stage, Array], Array]
"""A stage and the rows ``[N, d]`` that would reach it, to bool ``[N]``."""


def below(least: float) -> Wild:
    """Rows that hold a number below ``least``."""
    return lambda stage, x: np.asarray((x < least).any(axis=1))


def either(*wild: Wild) -> Wild:
    """Rows that one of these is about."""
    return lambda stage, x: np.logical_or.reduce([each(stage, x) for each in wild])


def beyond(most: float, scale: Callable[[Stage], Array] = lambda stage: np.ones(1)) -> Wild:
    """Rows that hold a finite number over ``most`` times as large as the largest in the stage's ``scale``."""

    def wild(stage: Stage, x: Array) -> Array:
        limit = most * float(np.nanmax(np.abs(scale(stage)), initial=0.0))
        return np.asarray((np.isfinite(x) & (np.abs(x) > limit)).any(axis=1))

    return wild


def unsure(weights: Callable[[Stage], Array]) -> Wild:
    """Rows whose sums ``x @ weights`` (``weights`` ``[d, k]``) are off by more than answers are compared at.

    Of ``d`` terms summed in any order all but ``d`` roundings of their sizes together are left (Higham,
    Accuracy and Stability of Numerical Algorithms, 3.1): too little to take the sine of.
    """

    def wild(stage: Stage, x: Array) -> Array:
        sizes = np.abs(weights(stage))
        compared = 1e-5 if sizes.dtype == np.float32 else 1e-9
        most = compared / (len(sizes) * np.finfo(sizes.dtype).eps)
        return np.asarray((np.where(np.isfinite(x), np.abs(x), 0.0) @ sizes > most).any(axis=1))

    return wild


def unsettled(terms: Array, weights: Array) -> Array:
    """Which sums ``terms @ weights`` (``[N, m] @ [m, k]``) rounding leaves fewer digits than are compared."""
    noise = len(weights) * np.finfo(np.float64).eps * (np.abs(terms) @ np.abs(weights))
    return np.asarray((noise > 1e-9 * np.abs(terms @ weights)).any(axis=1))
