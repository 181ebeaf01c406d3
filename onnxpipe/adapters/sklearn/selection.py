"""Selecting features: the columns of a mask that follows from fitted state.

Formulas: sklearn/feature_selection/, 1.0 to 1.9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.delegation import answered, check_of, columns_of, inner
from onnxpipe.adapters.sklearn.importances import FROZEN, importances
from onnxpipe.blocks import terms
from onnxpipe.core.apply import unfloated
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check, Table

Array = NDArray[Any]


def _selected(stage: Stage, x: Table, mask: Any, check: Check = Check.NONFINITE) -> Table:
    """The columns where the mask ``[d]`` holds; all columns are checked, as native does."""
    values = unfloated(stage, x, check)
    finite = not x.risky or check is Check.NONFINITE
    return Table.of(terms.take(values, np.flatnonzero(mask)), finite=finite).kept(x.stored)


@converts("sklearn.feature_selection.VarianceThreshold")
def variance_threshold(stage: Stage, x: Table) -> Table:
    """The columns whose variance is above the threshold; NaN and infinity pass."""
    return _selected(stage, x, stage.variances_ > stage.threshold, Check.NOTHING)


def _comparable(scores: Any) -> Array:
    """The scores, NaN the lowest of all."""
    scores = np.asarray(scores)
    scores = scores.astype(np.result_type(scores, np.float32))
    return np.asarray(np.where(np.isnan(scores), np.finfo(scores.dtype).min, scores))


def _best(stage: Stage, k: Any) -> Array:
    """The ``k`` highest scores; of equal ones the last."""
    scores = _comparable(stage.scores_)
    if k == "all":
        return np.ones(len(scores), bool)
    mask = np.zeros(len(scores), bool)
    mask[np.argsort(scores, kind="stable")[len(scores) - min(k, len(scores)) :]] = True
    return mask


def _best_share(stage: Stage, percentile: Any) -> Array:
    """The scores above a percentile; of those on it the first, while there is room."""
    scores = _comparable(stage.scores_)
    if percentile in (0, 100):
        return np.full(len(scores), percentile == 100)
    threshold = np.percentile(scores, 100 - percentile)
    mask = scores > threshold
    ties = np.flatnonzero(scores == threshold)
    mask[ties[: int(len(scores) * percentile / 100) - mask.sum()]] = True
    return np.asarray(mask)


def _benjamini_hochberg(stage: Stage, alpha: Any) -> Array:
    """The p-values up to the highest below its share of ``alpha``."""
    values = np.asarray(stage.pvalues_)
    ordered = np.sort(values)
    kept = ordered[ordered <= float(alpha) / len(values) * np.arange(1, len(values) + 1)]
    return np.asarray(values <= kept.max()) if kept.size else np.zeros(len(values), bool)


_RULES: dict[str, Callable[[Stage, Any], Array]] = {
    "percentile": _best_share,
    "k_best": _best,
    "fpr": lambda stage, alpha: np.asarray(stage.pvalues_ < alpha),
    "fdr": _benjamini_hochberg,
    "fwe": lambda stage, alpha: np.asarray(stage.pvalues_ < alpha / len(stage.pvalues_)),
}
_FILTERS = {
    "SelectPercentile": ("percentile", "percentile"),
    "SelectKBest": ("k_best", "k"),
    "SelectFpr": ("fpr", "alpha"),
    "SelectFdr": ("fdr", "alpha"),
    "SelectFwe": ("fwe", "alpha"),
}
"""The rule and its parameter, by class."""


@converts(*(f"sklearn.feature_selection.{name}" for name in _FILTERS))
def univariate_filter(stage: Stage, x: Table) -> Table:
    """The columns whose score or p-value the class's rule keeps."""
    rule, parameter = _FILTERS[stage.kind.rpartition(".")[2]]
    return _selected(stage, x, _RULES[rule](stage, getattr(stage, parameter)))


@converts("sklearn.feature_selection.GenericUnivariateSelect")
def generic_univariate_select(stage: Stage, x: Table) -> Table:
    """The columns whose score or p-value the rule named by ``mode`` keeps."""
    return _selected(stage, x, _RULES[stage.mode](stage, stage.param))


def _model(stage: Stage) -> str:
    """Which attribute holds the fitted model: ``estimator`` itself where it was fitted before."""
    return "estimator_" if isinstance(stage.get("estimator_"), Record) else "estimator"


@converts("sklearn.feature_selection.SelectFromModel", columns=lambda stage: columns_of(_model(stage))(stage))
def select_from_model(stage: Stage, x: Table) -> Table:
    """The columns that the model finds important enough, at most ``max_features`` of them."""
    model = inner(stage, _model(stage))
    found = importances(stage, stage.get(_model(stage)), stage.get("importance_getter", "auto"))
    scores = np.abs(found) if found.ndim == 1 else np.linalg.norm(found, ord=stage.norm_order, axis=0)
    mask = scores >= _threshold(model, scores, stage.threshold)
    if stage.max_features is not None:
        # A callable was worked out when fitted, an integer may not have been.
        most = int(stage.get("max_features_", stage.max_features))
        mask[np.argsort(-scores, kind="stable")[most:]] = False
    return _selected(stage, x, mask, check_of(stage, "estimator"))


def _threshold(model: Stage, scores: Array, given: Any) -> float:
    """The threshold as a number: from "mean" or "median", a multiple of these, or the model's default."""
    given = (1e-5 if _is_sparse(model) else "mean") if given is None else given
    if not isinstance(given, str):
        return float(given)
    factor, _, reference = given.rpartition("*")
    value = float(np.median(scores) if reference.strip() == "median" else np.mean(scores))
    return float(factor or 1) * value


def _is_sparse(model: Stage) -> bool:
    """Whether the model was fitted under an l1 penalty alone."""
    name = model.kind.rpartition(".")[2]
    ratio = {
        **dict.fromkeys(("ElasticNet", "LogisticRegression"), "l1_ratio"),
        **dict.fromkeys(("ElasticNetCV", "LogisticRegressionCV"), "l1_ratio_"),
    }.get(name, "")
    share = model.get(ratio)
    only = share is not None and np.asarray(share).dtype.kind in "fiu" and np.all(np.isclose(share, 1.0))
    frozen = model.kind == FROZEN  # which hands its attributes on, but has a name of its own
    penalty = (inner(model, "estimator") if frozen else model).get("penalty")
    return penalty == "l1" or "Lasso" in name or bool(only)


@converts("sklearn.feature_selection.RFE", "sklearn.feature_selection.RFECV")
def recursive_elimination(stage: Stage, x: Table) -> Answers:
    """The columns that were never eliminated, and what the model fitted on them answers."""
    picked = _selected(stage, x, stage.support_, check_of(stage, "estimator"))
    answers = answered(inner(stage, "estimator_"), picked, ("predict", "predict_proba", "decision_function"))
    return {"transform": picked, **answers}


@converts("sklearn.feature_selection.SequentialFeatureSelector")
def sequential_feature_selector(stage: Stage, x: Table) -> Table:
    """The columns that were added, or never taken away."""
    return _selected(stage, x, stage.support_, check_of(stage, "estimator"))
