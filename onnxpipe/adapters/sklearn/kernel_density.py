"""Kernel density estimates. Formulas: sklearn/neighbors/_kde.py and _binary_tree.pxi.tp."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.metrics import named
from onnxpipe.blocks.points import distances, kernel_densities, neighbours
from onnxpipe.blocks.points.neighbours import Metric
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts

Array = NDArray[Any]

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


def _metric(stage: Stage) -> Metric:
    return named(stage, stage.metric, stage.metric_params)


def _out_of_sight(stage: Stage, x: Array) -> Array:
    (points, _), far, metric = _points(stage), np.zeros(len(x), bool), _metric(stage)
    limit = _SIGHT.get(stage.kernel, np.inf) * float(stage.get("bandwidth_", stage.bandwidth))
    if metric.measure:  # most end at 1
        return far
    weights = 1.0 if metric.weights is None else np.asarray(metric.weights) ** (1 / metric.power)
    for i in np.flatnonzero(np.isfinite(x).all(axis=1)):
        far[i] = np.linalg.norm((points - x[i]) * weights, metric.power, axis=1).min() > limit
    return far


@converts("sklearn.neighbors.KernelDensity", dtype=np.float64, wild=_out_of_sight)
def kernel_density(stage: Stage, x: Var) -> Answers:
    """The logarithm of the estimated density ``[N]``; whatever the metric, the volume is Euclid's."""
    if stage.atol or stage.rtol:
        raise stage.inexact(
            "answers only to within atol and rtol", remedy="Set both to 0: set_params suffices."
        )
    points, weights = _points(stage)
    weights = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
    bandwidth = float(stage.get("bandwidth_", stage.bandwidth))
    metric = _metric(stage)
    if metric.is_euclidean:
        square = distances.squared_differences(x, points)
    else:
        far = neighbours.between(x, points, metric)
        square = op.mul(far, far)
    scale = kernel_densities.Scale(stage.kernel, bandwidth, points.shape[1])
    return {"score_samples": kernel_densities.log_density(square, weights, scale)}
