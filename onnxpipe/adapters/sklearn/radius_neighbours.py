"""Neighbours within a radius. Formulas: sklearn/neighbors/_classification.py and _regression.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.metrics import allows_gaps, measured, metric
from onnxpipe.adapters.sklearn.neighbours import fitted_points, radius, weighs_by_distance
from onnxpipe.blocks import classes, linear
from onnxpipe.blocks.points import neighbours
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check

Array = NDArray[Any]


_FAST = (
    *("braycurtis", "canberra", "haversine", "seuclidean", "l2", "minkowski", "p"),
    *("manhattan", "cityblock", "l1", "chebyshev", "infinity"),
)
"""The metrics of native's fast path; Euclid's isn't one."""


def _is_fast(stage: Stage) -> bool:
    """Whether native votes in one go: by brute force, with equal weights, for one output."""
    voting = stage._fit_method == "brute" and stage.weights == "uniform" and not stage.outputs_2d_
    return bool(voting and stage.effective_metric_ in _FAST)


def _unchecked(stage: Stage) -> Check:
    """Native's fast path looks at no value of a matrix of the dtype that was fitted."""
    plain = stage.get("feature_names_in_") is None and stage.options.dtype == "native"
    return Check.NOTHING if plain and _is_fast(stage) else allows_gaps(stage)


def _weights(stage: Stage, x: Var) -> tuple[Var, Var]:
    """What each fitted point weighs ``[N, m]``, 0 outside the radius; bool ``[N, 1]``: is any inside."""
    distance, near = neighbours.within(
        measured(stage, x), fitted_points(stage), radius(stage), metric(stage, x)
    )
    weights = cast(near, np.float64)
    inside = cast(op.reduce_max(weights, const([1])), np.bool_)
    if weighs_by_distance(stage):
        weights = neighbours.inverse(op.where(near, distance, const(np.inf)))
    return weights, inside


@converts("sklearn.neighbors.RadiusNeighborsRegressor", refuses=allows_gaps)
def radius_neighbors_regressor(stage: Stage, x: Var) -> Answers:
    """The (weighted) mean of the targets within the radius; without any, NaN cast to their dtype."""
    weights, inside = _weights(stage, x)
    targets = np.asarray(stage._y)
    with np.errstate(invalid="ignore"):
        nothing = np.full_like(np.atleast_1d(targets[0]), np.nan).astype(np.float64)
    total = linear.affine(weights, np.atleast_2d(targets.T).astype(np.float64))
    mean = op.where(inside, total / op.reduce_sum(weights, const([1])), const(nothing))
    return {"predict": mean if targets.ndim == 2 else linear.column(mean)}


@converts("sklearn.neighbors.RadiusNeighborsClassifier", dtype=np.float64, refuses=_unchecked)
def radius_neighbors_classifier(stage: Stage, x: Var) -> Answers:
    """The (weighted) vote within the radius; the outlier label, or a refusal, where nothing is inside."""
    weights, inside = _weights(stage, x)
    if stage.outlier_label_ is None:
        weights = require(stage.context, weights, inside)
    many = bool(stage.outputs_2d_)
    known, fitted = (stage.classes_, stage._y.T) if many else ([stage.classes_], [stage._y])
    outliers = stage.outlier_label_ or [None] * len(known)
    _refuse_misplaced(stage, outliers)
    voted = [_voted(weights, inside, *each) for each in zip(known, fitted, outliers, strict=True)]
    predicted = [label for label, _ in voted]
    if not many:
        return {"predict": predicted[0], "predict_proba": voted[0][1]}
    columns = op.concat([op.unsqueeze(each, const([1])) for each in predicted], axis=1)
    return {"predict": columns, **{f"predict_proba_{i}": p for i, (_, p) in enumerate(voted)}}


def _voted(weights: Var, inside: Var, labels: Array, y: Array, outlier: Any) -> tuple[Var, Var]:
    """Label ``[N]`` and probabilities ``[N, k]`` of one output."""
    votes = linear.affine(weights, np.arange(len(labels))[:, None] == y)
    total = op.reduce_sum(votes, const([1]))
    proba = votes / op.where(inside, total, const(1.0))
    predicted = classes.most_likely(votes, labels)
    if outlier is None:
        return predicted, proba
    alone = const((labels == outlier).astype(np.float64))
    chosen = op.where(linear.column(inside), predicted, const(np.asarray(outlier, labels.dtype)))
    return chosen, op.where(inside, proba, alone)


def _refuse_misplaced(stage: Stage, outliers: list[Any]) -> None:
    """Raise Inexact where native's fast path (brute force, equal weights) takes the label for a position."""
    if not _is_fast(stage) or stage.outlier_label is None:
        return
    places = np.arange(len(stage.classes_))
    if not np.array_equal(places == stage.outlier_label, stage.classes_ == outliers[0]):
        raise stage.inexact(
            "takes its outlier label for the position of a class when it searches by brute force",
            remedy="Fit it with algorithm='kd_tree' or with classes 0 to k-1.",
        )
