"""Several classes by binary estimators. Formulas: sklearn/multiclass.py and utils/multiclass.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.delegation import all_by, columns_of_first, edges_of_all, members, shared
from onnxpipe.adapters.sklearn.dummy import repeated
from onnxpipe.adapters.sklearn.linear_classifiers import (
    is_one_vs_rest,
    linear_classifier,
    logistic_regression,
)
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import classes, coding, linear
from onnxpipe.core.apply import apply, floating
from onnxpipe.core.ops import Var, cast, const, op, shape_of, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table

CONSTANT = "sklearn.multiclass._ConstantPredictor"
"""What stands for an estimator whose rows all had one label."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What several binary estimators answer, each in a column ``[N, k]``; None where one doesn't.

    ``score`` is the decision, else the probability of the second class, else (of a regressor)
    the prediction; ``limit`` is above which score the first estimator means its second class.
    """

    predict: Var
    score: Var
    limit: float
    decision: Var | None = None
    proba: Var | None = None


def scores(stage: Stage, inner: list[Stage], x: Table) -> Scores:
    """What the binary estimators of a stage answer on a table; linear ones as one matrix product."""
    x = shared(stage, x, inner)
    logistic = all_by(inner, logistic_regression) and all(is_one_vs_rest(each) for each in inner)
    if (logistic or all_by(inner, linear_classifier)) and all(_is_dense(each) for each in inner):
        return _linear(inner, floating(x), logistic)
    found = [_member(each, x) for each in inner]
    return Scores(
        linear.stacked([each.predict for each in found]),
        linear.stacked([each.score for each in found]),
        found[0].limit,
        _side_by_side([each.decision for each in found]),
        _side_by_side([each.proba for each in found]),
    )


def _is_dense(stage: Stage) -> bool:
    return isinstance(stage.coef_, np.ndarray) and len(stage.coef_) == 1


def _linear(inner: list[Stage], x: Var, logistic: bool) -> Scores:
    coef = np.concatenate([each.coef_ for each in inner])
    decision = linear.affine(x, coef, np.concatenate([np.ravel(each.intercept_) for each in inner]))
    proba = linear.expit(decision) if logistic else None
    return Scores(classes.above(decision), decision, 0.0, decision, proba)


def _member(stage: Stage, x: Table) -> Scores:
    """What one binary estimator, or one label standing for one, answers, as vectors ``[N]``."""
    if stage.kind == CONSTANT:
        found = repeated(x, np.asarray(stage.y_)[0])
        return Scores(found, found, 0.5, found, cast(found, np.float64))
    answers: dict[str, Any] = dict(apply(stage, x))
    decision = _vector(answers["decision_function"]) if "decision_function" in answers else None
    proba = _second(answers["predict_proba"]) if "predict_proba" in answers else None
    predict = answers["predict"]
    score = decision if decision is not None else proba if proba is not None else predict
    return Scores(predict, score, 0.0 if decision is not None else 0.5, decision, proba)


def _vector(x: Var) -> Var:
    return linear.column(x) if len(shape_of(x)) == 2 else x


def _second(proba: Var) -> Var:
    return linear.column(take_columns(proba, [1]))


def _side_by_side(parts: list[Var | None]) -> Var | None:
    found = [part for part in parts if part is not None]
    return linear.stacked(found) if len(found) == len(parts) else None


@converts("sklearn.multiclass.OneVsRestClassifier", columns=columns_of_first, edges=edges_of_all)
def one_vs_rest(stage: Stage, x: Table) -> Answers:
    """The class of the highest score; of two classes, and of each label of several, what is above a limit."""
    found = scores(stage, members(stage), x)
    single, kind = len(stage.estimators_) == 1, str(stage.label_binarizer_.get("y_type_"))
    answers: dict[str, Var] = {}
    if kind == "multiclass":  # of equal scores the last counted until 1.7
        last = int(not saved_since(stage, 1, 8))
        best = op.arg_max(found.score, axis=1, keepdims=0, select_last_index=last)
        answers["predict"] = classes.label(best, stage.classes_)
    else:
        hit = classes.above(found.score, found.limit)
        multilabel = kind.startswith("multilabel")
        answers["predict"] = hit if multilabel else classes.label(linear.column(hit), stage.classes_)
    if found.decision is not None:
        answers["decision_function"] = linear.column(found.decision) if single else found.decision
    if found.proba is not None:
        proba = linear.two_columns(found.proba) if single else found.proba
        answers["predict_proba"] = proba if kind.startswith("multilabel") else _normalised(stage, proba)
    return answers


def _normalised(stage: Stage, proba: Var) -> Var:
    """Each row over its sum; rows of zeros stay since 1.7, and were NaN before."""
    known = saved_since(stage, 1, 7)
    return coding.over_sum(proba) if known else proba / op.reduce_sum(proba, const([1]))


@converts("sklearn.multiclass.OneVsOneClassifier", columns=columns_of_first, edges=edges_of_all)
def one_vs_one(stage: Stage, x: Table) -> Answers:
    """The class that wins most pairs, the summed confidences deciding between equals."""
    if stage.get("pairwise_indices_") is not None:
        raise stage.unsupported("gives each pair the columns of a kernel matrix that are its own rows")
    found, count = scores(stage, members(stage), x), len(stage.classes_)
    total = coding.with_confidence(coding.pair_votes(found.predict, count), found.score, count)
    if count > 2:
        return {"predict": classes.most_likely(total, stage.classes_), "decision_function": total}
    second = linear.column(take_columns(total, [1]))
    hit = classes.above(second, found.limit)
    return {"predict": classes.label(hit, stage.classes_), "decision_function": second}


@converts("sklearn.multiclass.OutputCodeClassifier", columns=columns_of_first, edges=edges_of_all)
def output_code(stage: Stage, x: Table) -> Answers:
    """The class whose word in the code book is nearest to the scores."""
    found = scores(stage, members(stage), x)
    distances = coding.word_distances(found.score, np.asarray(stage.code_book_))
    return {"predict": classes.nearest(distances, stage.classes_)}
