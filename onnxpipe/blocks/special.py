"""Special functions of fitted state, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
"""Coefficients of ``x**-2k`` in digamma's asymptotic series: Abramowitz and Stegun, 6.3.18."""


def digamma(x: Any) -> NDArray[np.float64]:
    """The logarithmic derivative of the gamma function at positive ``x``, to about 1e-15.

    ``digamma(x) = digamma(x + 1) - 1 / x`` moves ``x`` to 10 and above, where the series is exact.
    """
    x = np.array(x, np.float64)
    below = np.zeros_like(x)
    for _ in range(10):
        small = x < 10
        below += np.where(small, 1 / np.where(small, x, 1), 0)
        x = np.where(small, x + 1, x)
    tail = sum(c * x ** -(2.0 * k) for k, c in enumerate(_SERIES, start=1))
    return np.asarray(np.log(x) - 0.5 / x - tail - below)
