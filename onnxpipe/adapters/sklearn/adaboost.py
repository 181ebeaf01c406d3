"""AdaBoost: weighted votes and medians. Formulas: sklearn/ensemble/_weight_boosting.py, 1.0 to 1.9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import trees as saved
from onnxpipe.adapters.sklearn.delegation import members
from onnxpipe.adapters.sklearn.members import asked, inner_columns
from onnxpipe.adapters.sklearn.subsets import are_trees, subset_edges
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import classes, ensembles, linear
from onnxpipe.blocks.forests import trees
from onnxpipe.core.apply import tensor
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, batch_size, cast, concat, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check, Due, Table

Array = NDArray[Any]


def edges(stage: Stage) -> Mapping[int, Array]:
    return subset_edges(stage) if are_trees(stage) else {}


@converts("sklearn.ensemble.AdaBoostClassifier", columns=inner_columns, edges=edges)
def adaboost_classifier(stage: Stage, x: Var, due: Due) -> Answers:
    """The weighted vote as a score per class, a single one for two, and a softmax of it."""
    count = len(stage.classes_)
    if count == 1:
        return _certain(stage, guarded(stage.context, x, due.check))
    score = _scores(stage, x, due)
    if count == 2:
        proba = linear.softmax(linear.as_column(score) * np.array([-0.5, 0.5]))
        predicted = classes.positive(score, stage.classes_)
    else:
        proba = linear.softmax(score / const(float(count - 1), dtype_of(score)))
        predicted = classes.most_likely(score, stage.classes_)
    return {"predict": predicted, "predict_proba": proba, "decision_function": score}


@converts("sklearn.ensemble.AdaBoostRegressor", columns=inner_columns, edges=edges)
def adaboost_regressor(stage: Stage, x: Var, due: Due) -> Answers:
    """The weighted median of the members' answers ``[N]``."""
    estimators = list(stage.estimators_)
    weights = np.asarray(stage.estimator_weights_)[: len(estimators)]
    if are_trees(stage):
        forest, values = saved.forest_of(estimators), saved.leaf_values(estimators)[:, 0, 0]
        single = _single(stage, x, due)
        made = trees.summed(single, forest, values, forest.tree_of_leaf)
    else:
        made = ensembles.stacked([tensor(each["predict"]) for each in _asked(stage, x, due)])
    return {"predict": ensembles.weighted_median(made, weights)}


def _certain(stage: Stage, x: Var) -> Answers:
    """The only class there is, with score 0 and share 1."""
    shape = concat([batch_size(x), const([1])], 0)
    zero = op.expand(const(0, dtype_of(x)), shape)
    proba = op.expand(const(1.0), shape)
    return {
        "predict": classes.most_likely(proba, stage.classes_),
        "predict_proba": proba,
        "decision_function": zero,
    }


def _asked(stage: Stage, x: Var, due: Due) -> list[Answers]:
    checked = guarded(stage.context, x, due.check)
    return asked(members(stage), Table.of(checked, finite=True).kept(due.stored))


def _single(stage: Stage, x: Var, due: Due) -> Var:
    """The rows as trees compare them: what float32 can't hold is refused too."""
    check = due.check if dtype_of(x) == np.float32 else Check.NONFINITE
    return guarded(stage.context, cast(x, np.float32), check)


def _scores(stage: Stage, x: Var, due: Due) -> Var:
    """The decision function, float64 ``[N, k]``, for two classes ``[N]``."""
    weights = np.asarray(stage.estimator_weights_, np.float64)
    if stage.get("algorithm") == "SAMME.R":
        return _real_scores(stage, x, due) / const(weights.sum())
    count, used = len(stage.classes_), weights[: len(stage.estimators_)]
    symmetric = not _is_lopsided(stage)
    if count == 2:
        return _margin(stage, x, due, used) * const((2 if symmetric else 1) / weights.sum())
    votes = _votes(stage, x, due, used)
    if not symmetric:
        return votes / const(weights.sum())
    return votes * const(count / (count - 1) / weights.sum()) - const(1 / (count - 1))


def _is_lopsided(stage: Stage) -> bool:
    """Whether a member only votes for its class and not against the others: up to 1.3.0."""
    return not saved_since(stage, 1, 3, 1)


def _leaf_classes(stage: Stage) -> tuple[Array, Array]:
    """Per leaf of all trees, the position of its class and its tree."""
    estimators = list(stage.estimators_)
    found = []
    for tree in estimators:
        best = np.argmax(saved.leaf_values([tree])[:, 0], axis=1)
        found.append(np.searchsorted(stage.classes_, np.asarray(tree.get("classes_"))[best]))
    return np.concatenate(found), saved.forest_of(estimators).tree_of_leaf


def _margin(stage: Stage, x: Var, due: Due, weights: Array) -> Var:
    """The weight of the second class's votes minus that of the first's ``[N]``."""
    if are_trees(stage):
        which, tree = _leaf_classes(stage)
        forest = saved.forest_of(stage.estimators_)
        single = _single(stage, x, due)
        return linear.column(trees.summed(single, forest, weights[tree] * (2 * which - 1)))
    said = ensembles.stacked([tensor(each["predict"]) for each in _asked(stage, x, due)])
    signed = op.where(op.equal(said, const(stage.classes_[1:2])), const(weights), const(-weights))
    return op.reduce_sum(signed, const([1]), keepdims=0)


def _votes(stage: Stage, x: Var, due: Due, weights: Array) -> Var:
    """The weight of the votes for each class ``[N, k]``."""
    if are_trees(stage):
        which, tree = _leaf_classes(stage)
        forest = saved.forest_of(stage.estimators_)
        single = _single(stage, x, due)
        return trees.summed(single, forest, weights[tree], which, len(stage.classes_))
    said = ensembles.stacked([tensor(each["predict"]) for each in _asked(stage, x, due)])
    return ensembles.votes(said, stage.classes_, weights)


def _real_scores(stage: Stage, x: Var, due: Due) -> Var:
    """The sum of the members' centred log-shares ``[N, k]``, for two classes their difference ``[N]``.

    This was an option, and the default, before 1.6.
    """
    count = len(stage.classes_)
    logs = []
    for each in _asked(stage, x, due):
        proba = tensor(each["predict_proba"])
        logs.append(op.log(op.max([proba, const(np.finfo(dtype_of(proba)).eps, dtype_of(proba))])))
    log = ensembles.total(logs)
    if count == 2:
        return linear.affine(log, np.array([-1.0, 1.0]).astype(dtype_of(log)))
    return (log - op.reduce_mean(log, const([1]))) * const(float(count - 1), dtype_of(log))
