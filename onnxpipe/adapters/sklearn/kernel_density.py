"""Kernel density estimates. Formulas: sklearn/neighbors/_kde.py and _binary_tree.pxi.tp."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import kernel_densities
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts

Array = NDArray[Any]

_EUCLIDEAN = ("euclidean", "l2", "minkowski", "p")


_SIGHT = {"gaussian": 5.0, "exponential": 12.0}
"""Bandwidths from the nearest point to where rounding noise shows in native's answers, by kernel.

It takes the density for what is left of bounds that are many times as large.
"""


def _points(stage: Stage) -> tuple[Array, Any]:
    """The fitted points ``[m, d]`` and their weights ``[m]``, None where they count alike."""
    tree = stage.tree_.state if isinstance(stage.tree_, Record) else None
    if not isinstance(tree, tuple):
        raise stage.unsupported("holds its points in a way that isn't known")
    return np.asarray(tree[0], np.float64), tree[-1]


def _out_of_sight(stage: Stage, x: Array) -> Array:
    (points, _), far = _points(stage), np.zeros(len(x), bool)
    limit = _SIGHT.get(stage.kernel, np.inf) * float(stage.get("bandwidth_", stage.bandwidth))
    for i in np.flatnonzero(np.isfinite(x).all(axis=1)):
        far[i] = ((points - x[i]) ** 2).sum(axis=1).min() > limit**2
    return far


@converts("sklearn.neighbors.KernelDensity", dtype=np.float64, wild=_out_of_sight)
def kernel_density(stage: Stage, x: Var) -> Answers:
    """The logarithm of the estimated density ``[N]``."""
    if stage.metric not in _EUCLIDEAN or (stage.metric_params or {}).get("p", 2) != 2:
        raise stage.unsupported(f"measures by {stage.metric!r}; known is the Euclidean distance")
    if stage.atol or stage.rtol:
        raise stage.inexact(
            "answers only to within atol and rtol", remedy="Set both to 0: set_params suffices."
        )
    points, weights = _points(stage)
    weights = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
    bandwidth = float(stage.get("bandwidth_", stage.bandwidth))
    return {"score_samples": kernel_densities.log_density(x, points, weights, stage.kernel, bandwidth)}
