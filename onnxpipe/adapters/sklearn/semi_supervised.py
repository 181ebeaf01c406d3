"""Classifiers fitted on rows of which some have no label. Formulas: sklearn/semi_supervised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import neighbours as saved
from onnxpipe.adapters.sklearn.delegation import answered, edges_of, inner
from onnxpipe.adapters.sklearn.metrics import metric
from onnxpipe.adapters.sklearn.thresholds import wrapped_columns
from onnxpipe.blocks import classes, linear
from onnxpipe.blocks.points import kernels, neighbours
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table
from onnxpipe.core.wild import beyond

Array = NDArray[Any]


@converts(
    "sklearn.semi_supervised.SelfTrainingClassifier",
    columns=wrapped_columns,
    edges=edges_of("estimator_"),
)
def self_training_classifier(stage: Stage, x: Table) -> Answers:
    """What the classifier answers that was fitted last."""
    return answered(inner(stage, "estimator_"), x, ("predict", "predict_proba", "decision_function"))


def _far(stage: Stage, x: Array) -> Array:
    """Rows from which all points are equally far, so that rounding noise says which are the nearest."""
    return _FAR(stage, x) if stage.kernel == "knn" else np.zeros(len(x), bool)


_FAR = beyond(1e3, lambda stage: np.asarray(stage.X_))


@converts("sklearn.semi_supervised.LabelPropagation", "sklearn.semi_supervised.LabelSpreading", wild=_far)
def label_propagation(stage: Stage, x: Var) -> Answers:
    """The fitted rows' class shares, weighed by a kernel or summed over the nearest, then normalised."""
    if stage.kernel == "rbf":
        near = kernels.between(x, np.asarray(stage.X_), kernels.Kernel("rbf", gamma=float(stage.gamma)))
        sums = linear.affine(near, stage.label_distributions_.T)
    elif stage.kernel == "knn":
        sums = _summed(stage, x)
    else:
        raise stage.unsupported("weighs rows by a Python function, which isn't data")
    proba = sums / op.reduce_sum(sums, const([1]))
    return {"predict": classes.most_likely(proba, stage.classes_), "predict_proba": proba}


def _summed(stage: Stage, x: Var) -> Var:
    """The sum of the nearest rows' class shares ``[N, k]``."""
    fitted = stage.child("nn_fit", stage.nn_fit)
    order = saved.meeting_order(fitted)
    points = saved.fitted_points(fitted)[order]
    near = neighbours.nearest(cast(x, np.float64), points, int(fitted.n_neighbors), metric(fitted, x))
    shares = op.gather(const(stage.label_distributions_[order]), near.position, axis=0)
    return op.reduce_sum(shares, const([1]), keepdims=0)
