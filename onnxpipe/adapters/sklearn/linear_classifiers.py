"""Linear classifiers.

Formulas: sklearn/linear_model/_base.py, _logistic.py, _ridge.py and _stochastic_gradient.py.
"""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import classes, linear
from onnxpipe.core.ops import Var, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


def scored(stage: Stage, scores: Var) -> dict[str, Var]:
    """``predict`` and ``decision_function`` of a LinearClassifierMixin.

    ``scores`` are ``[N, k]``, for two classes ``[N, 1]`` or ``[N]``.
    """
    width = shape_of(scores)[1:]
    if width and width != (1,):
        return {"predict": classes.most_likely(scores, stage.classes_), "decision_function": scores}
    score = linear.column(scores) if width else scores
    return {"predict": classes.positive(score, stage.classes_), "decision_function": score}


def one_vs_rest(stage: Stage, scores: Var) -> Var:
    """``_predict_proba_lr``: the sigmoid of each score, normalised over the classes ``[N, k]``.

    Where all are 0 they become uniform, since 1.9; before they were NaN.
    """
    p = linear.expit(scores)
    if len(stage.classes_) <= 2:
        return linear.two_columns(p)
    return linear.shares(p) if saved_since(stage, 1, 9) else p / op.reduce_sum(p, const([1]))


def is_one_vs_rest(stage: Stage) -> bool:
    """Whether probabilities are one-vs-rest: before 1.8 an option, then only for two classes."""
    multi_class = stage.get("multi_class", "auto")
    if multi_class in ("auto", "deprecated"):
        # newton-cholesky became multinomial in 1.6; liblinear never was.
        old = not saved_since(stage, 1, 6)
        solvers = ("liblinear", "newton-cholesky") if old else ("liblinear",)
        return len(stage.classes_) <= 2 or stage.get("solver") in solvers
    return bool(multi_class != "multinomial")


@converts("sklearn.linear_model.LogisticRegression", "sklearn.linear_model.LogisticRegressionCV")
def logistic_regression(stage: Stage, x: Var) -> Answers:
    """Softmax of the scores; one-vs-rest, as for two classes, the sigmoid of each."""
    scores = linear.affine(x, stage.coef_, stage.intercept_)
    if is_one_vs_rest(stage):
        proba = one_vs_rest(stage, scores)
    elif len(stage.classes_) == 2:  # a multinomial model of two classes has the scores -s and s
        proba = linear.softmax(op.concat([op.neg(scores), scores], axis=1))
    else:
        proba = linear.softmax(scores)
    return {**scored(stage, scores), "predict_proba": proba}


@converts(
    "sklearn.linear_model.Perceptron",
    "sklearn.linear_model.PassiveAggressiveClassifier",
    "sklearn.svm.LinearSVC",
)
def linear_classifier(stage: Stage, x: Var) -> Answers:
    """The sign of the one score for two classes, else the class of the highest."""
    return scored(stage, linear.affine(x, stage.coef_, stage.intercept_))


@converts("sklearn.linear_model.SGDClassifier")
def sgd_classifier(stage: Stage, x: Var) -> Answers:
    """A linear classifier with probabilities under the losses that have any."""
    scores = linear.affine(x, stage.coef_, stage.intercept_)
    answers = scored(stage, scores)
    if stage.loss in ("log_loss", "log"):  # "log" until 1.2
        answers["predict_proba"] = one_vs_rest(stage, scores)
    elif stage.loss == "modified_huber":
        one = const(1, dtype_of(scores))
        p = (op.clip(scores, op.neg(one), one) + one) / (one + one)
        answers["predict_proba"] = linear.two_columns(p) if len(stage.classes_) == 2 else linear.shares(p)
    return answers


@converts("sklearn.linear_model.RidgeClassifier", "sklearn.linear_model.RidgeClassifierCV")
def ridge_classifier(stage: Stage, x: Var) -> Answers:
    """As above; one 0 or 1 per label where it was fitted on several labels: ``[N, labels]``."""
    binarizer = stage.child("_label_binarizer", stage._label_binarizer)
    scores = linear.affine(x, stage.coef_, stage.intercept_)
    if str(binarizer.y_type_).startswith("multilabel"):
        return {"predict": classes.above(scores), "decision_function": scores}
    return scored(binarizer, scores)


@converts("sklearn.linear_model.SGDOneClassSVM")
def sgd_one_class_svm(stage: Stage, x: Var) -> Answers:
    """The distance to the plane, and 1 on or above it, else -1; ``score_samples`` is without the offset."""
    raw = linear.affine(x, stage.coef_)
    score = raw - stage.offset_
    outlier = op.less(score, const(0, dtype_of(score)))
    return {
        "predict": op.where(outlier, const(-1, np.int32), const(1, np.int32)),
        "decision_function": score,
        "score_samples": score + stage.offset_,
    }
