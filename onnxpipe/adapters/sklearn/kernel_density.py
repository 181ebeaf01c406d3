"""Kernel density estimates. Formulas: sklearn/neighbors/_kde.py and _binary_tree.pxi.tp."""

from __future__ import annotations

import numpy as np

from onnxpipe.blocks import kernel_densities
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts

_EUCLIDEAN = ("euclidean", "l2", "minkowski", "p")


@converts("sklearn.neighbors.KernelDensity", dtype=np.float64)
def kernel_density(stage: Stage, x: Var) -> Answers:
    """The logarithm of the estimated density ``[N]``."""
    if stage.metric not in _EUCLIDEAN or (stage.metric_params or {}).get("p", 2) != 2:
        raise stage.unsupported(f"measures by {stage.metric!r}; known is the Euclidean distance")
    if stage.atol or stage.rtol:
        raise stage.inexact(
            "answers only to within atol and rtol", remedy="Set both to 0: set_params suffices."
        )
    tree = stage.tree_.state if isinstance(stage.tree_, Record) else None
    if not isinstance(tree, tuple):
        raise stage.unsupported("holds its points in a way that isn't known")
    points, weights = np.asarray(tree[0], np.float64), tree[-1]
    weights = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
    bandwidth = float(stage.get("bandwidth_", stage.bandwidth))
    return {"score_samples": kernel_densities.log_density(x, points, weights, stage.kernel, bandwidth)}
