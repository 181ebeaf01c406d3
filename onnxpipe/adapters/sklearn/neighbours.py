"""Nearest neighbours and nearest centroids.

Formulas: sklearn/neighbors/_base.py, _classification.py, _regression.py, _nearest_centroid.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.discriminant_analysis import discriminated
from onnxpipe.adapters.sklearn.metrics import allows_gaps, measured, metric
from onnxpipe.blocks import classes
from onnxpipe.blocks.points import distances, neighbours
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.wild import beyond

Array = NDArray[Any]


def meeting_order(stage: Stage) -> Array:
    """The order in which native meets the fitted points: of points equally far, the first are taken.

    A tree meets them in its own order, as far as it can be told without walking it. Where the
    k-th and the next are equally far, native's choice also hangs on its tree and heap: exact ties
    at that boundary may be decided otherwise here.
    """
    tree = stage.get("_tree")
    if isinstance(tree, Record) and isinstance(tree.state, tuple):
        return np.asarray(tree.state[1])
    return np.arange(len(stage._fit_X))


def fitted_points(stage: Stage) -> Array:
    """The points that were fitted ``[m, d]``, float64."""
    return np.asarray(stage._fit_X, np.float64)


def radius(stage: Stage) -> float:
    """How far neighbours may be. Raises Unsupported where there is no radius and native fails.

    To its trees None is NaN, within which there is nobody.
    """
    if stage.radius is None and stage._fit_method == "brute":
        raise stage.unsupported("searches by brute force without a radius, where scikit-learn fails")
    return np.nan if stage.radius is None else float(stage.radius)


def weighs_by_distance(stage: Stage) -> bool:
    """Whether neighbours weigh by inverse distance. Raises Unsupported for a function of the user's."""
    if stage.weights not in (None, "uniform", "distance"):
        raise stage.unsupported("weighs neighbours by a Python function, which isn't data")
    return bool(stage.weights == "distance")


def _neighbours(stage: Stage, x: Var) -> tuple[Var, Var | None, Array]:
    """Positions of the neighbours, their weights (None: equal), the order positions refer to."""
    points, order = fitted_points(stage), meeting_order(stage)
    near = neighbours.nearest(measured(stage, x), points[order], int(stage.n_neighbors), metric(stage, x))
    weights = neighbours.inverse(near.distance) if weighs_by_distance(stage) else None
    return near.position, weights, order


@converts("sklearn.neighbors.KNeighborsClassifier", refuses=allows_gaps)
def k_neighbors_classifier(stage: Stage, x: Var) -> Answers:
    """The neighbours' (weighted) vote, for each output: of equals the first class."""
    index, weights, order = _neighbours(stage, x)
    many = bool(stage.outputs_2d_)
    known, fitted = (stage.classes_, stage._y.T) if many else ([stage.classes_], [stage._y])
    outputs = list(zip(known, fitted, strict=True))
    counts = [neighbours.votes(index, y[order], len(labels), weights) for labels, y in outputs]
    predicted = [
        classes.most_likely(count, labels) for count, (labels, _) in zip(counts, outputs, strict=True)
    ]
    proba = [count / op.reduce_sum(count, const([1])) for count in counts]
    if not many:
        return {"predict": predicted[0], "predict_proba": proba[0]}
    columns = [op.unsqueeze(each, const([1])) for each in predicted]
    return {"predict": op.concat(columns, axis=1), **{f"predict_proba_{i}": p for i, p in enumerate(proba)}}


@converts("sklearn.neighbors.KNeighborsRegressor", refuses=allows_gaps)
def k_neighbors_regressor(stage: Stage, x: Var) -> Answers:
    """The (weighted) mean of the neighbours' targets."""
    index, weights, order = _neighbours(stage, x)
    return {"predict": neighbours.average(index, stage._y[order], weights)}


@converts(
    "sklearn.neighbors.NearestCentroid",
    dtype=np.float64,
    wild=beyond(1e3, lambda stage: np.asarray(stage.centroids_)),  # then all are equally far
)
def nearest_centroid(stage: Stage, x: Var) -> Answers:
    """The class of the nearest centroid; since 1.6 priors count, and Euclidean ones have probabilities."""
    if stage.metric not in ("euclidean", "manhattan"):
        raise stage.unsupported(f"measures by {stage.metric!r}; known are euclidean and manhattan")
    prior = stage.get("class_prior_")
    answers: dict[str, Var] = {}
    if prior is not None:
        spread = np.where(stage.within_class_std_dev_ != 0, stage.within_class_std_dev_, 1)
        square = _squared(stage, x / spread, stage.centroids_ / spread)
        answers = discriminated(stage, op.neg(square) + 2.0 * np.log(prior))
    if prior is None or np.isclose(prior, 1 / len(stage.classes_)).all():
        answers["predict"] = classes.nearest(_squared(stage, x, stage.centroids_), stage.classes_)
    return answers if stage.metric == "euclidean" else {"predict": answers["predict"]}


def _squared(stage: Stage, x: Var, centroids: Array) -> Var:
    """The squared distances ``[N, k]`` of a NearestCentroid."""
    if stage.metric == "euclidean":
        return distances.squared(x, centroids)
    far = distances.manhattan(x, centroids)
    return far * far
