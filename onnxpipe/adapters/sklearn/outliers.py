"""Outliers by the density around their neighbours. Formulas: sklearn/neighbors/_lof.py."""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.sklearn.metrics import allows_gaps, measured, metric
from onnxpipe.adapters.sklearn.neighbours import fitted_points, meeting_order
from onnxpipe.blocks import numeric
from onnxpipe.blocks.points import neighbours
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


@converts("sklearn.neighbors.LocalOutlierFactor", refuses=allows_gaps)
def local_outlier_factor(stage: Stage, x: Var) -> Answers:
    """1 for inliers, -1 for outliers ``[N]``, and how dense a row lies beside its neighbours."""
    if not stage.novelty:
        raise stage.unsupported("knows only its own rows: it answers for new ones with novelty=True")
    scores = op.neg(_factor(stage, x))
    # A number of Python's leaves float32 what it is, one of numpy's has a type of its own.
    offset = np.asarray(stage.offset_, dtype_of(scores) if type(stage.offset_) is float else None)
    decision = op.sub(*promote(scores, offset))
    outlier = op.less(decision, const(0, dtype_of(decision)))
    return {
        "predict": op.where(outlier, const(-1), const(1)),
        "decision_function": decision,
        "score_samples": scores,
    }


def _factor(stage: Stage, x: Var) -> Var:
    """The mean density of the neighbours over the row's own ``[N]``, in float32 if that is all there is."""
    order, k = meeting_order(stage), int(stage.n_neighbors_)
    near = neighbours.nearest(measured(stage, x), fitted_points(stage)[order], k, metric(stage, x))
    reach = op.gather(const(stage._distances_fit_X_[order, k - 1]), near.position, axis=0)
    far = op.max(promote(numeric.inplace(x, near.distance), reach))
    sparsity = op.reduce_mean(far, const([1]), keepdims=0) + const(1e-10, dtype_of(far))
    density = cast(op.gather(const(stage._lrd[order]), near.position, axis=0), dtype_of(far))
    return op.reduce_mean(density, const([1]), keepdims=0) * sparsity
