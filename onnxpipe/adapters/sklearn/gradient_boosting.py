"""Gradient boosting. Formulas: sklearn/ensemble/_gb.py and sklearn/_loss/link.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.trees import edges, forest_of, leaf_values, members
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import classes, linear
from onnxpipe.blocks.forests import boosting, trees
from onnxpipe.core.apply import apply, tensor
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table

Array = NDArray[Any]


def _single(stage: Stage) -> bool:
    """Whether a model comes before the trees: it gets float32 rows, and works in that, as it was fitted."""
    return isinstance(stage.init_, Record) and not stage.init_.kind.startswith("sklearn.dummy.")


@converts("sklearn.ensemble.GradientBoostingRegressor", dtype=np.float32, edges=edges, single=_single)
def boosting_regressor(stage: Stage, x: Var) -> Answers:
    """The first guess plus all trees; no loss has another link than the identity."""
    return {"predict": linear.column(_boosted(stage, x, _first_value(stage, x)))}


@converts("sklearn.ensemble.GradientBoostingClassifier", dtype=np.float32, edges=edges, single=_single)
def boosting_classifier(stage: Stage, x: Var) -> Answers:
    """One score per class, a single one for two classes, and the link that makes shares of them."""
    raw = _boosted(stage, x, _first_score(stage, x))
    if len(stage.classes_) > 2:
        proba, predicted = linear.softmax(raw), classes.most_likely(raw, stage.classes_)
        return {"predict": predicted, "predict_proba": proba, "decision_function": raw}
    scores = raw * const(2.0) if stage.loss == "exponential" else raw
    score = linear.column(raw)
    index = cast(op.greater_or_equal(score, const(0.0)), np.int64)
    proba = linear.two_columns(linear.expit(scores))
    return {
        "predict": classes.label(index, stage.classes_),
        "predict_proba": proba,
        "decision_function": score,
    }


def _boosted(stage: Stage, x: Var, first: Var | Array) -> Var:
    """``first + learning_rate * sum of trees``, float64 ``[N, trees per round]``."""
    estimators = members(stage)
    forest, per_round = forest_of(estimators), np.shape(stage.estimators_)[1]
    weights = stage.learning_rate * leaf_values(estimators)[:, 0, 0]
    targets = forest.tree_of_leaf % per_round
    if isinstance(first, Var):
        return trees.summed(x, forest, weights, targets) + first
    return trees.summed(x, *boosting.starting(forest, weights, targets, first))


def _first_value(stage: Stage, x: Var) -> Var | Array:
    """What a regressor starts from, ``[1]`` or ``[N, 1]``."""
    if isinstance(stage.init_, str):
        return np.zeros(1)
    init = stage.child("init_", stage.init_)
    if init.kind == "sklearn.dummy.DummyRegressor":
        return np.reshape(init.constant_, 1).astype(np.float64)
    return cast(op.reshape(tensor(apply(init, Table.of(x))["predict"]), const([-1, 1])), np.float64)


def _first_score(stage: Stage, x: Var) -> Var | Array:
    """The link of the shares a classifier starts from, ``[scores]`` or ``[N, scores]``."""
    if isinstance(stage.init_, str):
        return np.zeros(np.shape(stage.estimators_)[1])
    init = stage.child("init_", stage.init_)
    # Before 1.8 shares were kept a float32 epsilon away from 0 and 1.
    eps = float(np.finfo(np.float64 if saved_since(stage, 1, 8) else np.float32).eps)
    if init.kind == "sklearn.dummy.DummyClassifier" and init.strategy == "prior":
        return _link(stage, np.clip(init.class_prior_, eps, 1 - eps))
    shares = cast(tensor(apply(init, Table.of(x))["predict_proba"]), np.float64)
    return _linked(stage, op.clip(shares, const(eps), const(1 - eps)))


def _link(stage: Stage, shares: Array) -> Array:
    """The scores that have these class shares ``[classes]``."""
    if len(shares) > 2:
        log = np.log(shares)
        return np.asarray(log - log.mean() if saved_since(stage, 1, 4) else log)
    logit = np.log(shares[1:]) - np.log(1 - shares[1:])
    return np.asarray(logit * 0.5 if stage.loss == "exponential" else logit)


def _linked(stage: Stage, shares: Var) -> Var:
    """The same of shares ``[N, classes]``."""
    if len(stage.classes_) > 2:
        log = op.log(shares)
        return log - op.reduce_mean(log, const([1])) if saved_since(stage, 1, 4) else log
    share = op.slice(shares, const([1]), const([2]), const([1]))
    logit = op.log(share) - op.log(const(1.0) - share)
    return logit * const(0.5) if stage.loss == "exponential" else logit
