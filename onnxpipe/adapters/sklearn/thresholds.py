"""Binary classifiers with a threshold of their own.

Formulas: sklearn/model_selection/_classification_threshold.py and sklearn/metrics/_scorer.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.pickles import described
from onnxpipe.adapters.sklearn.delegation import edges_of, inner
from onnxpipe.adapters.sklearn.members import classes_of
from onnxpipe.blocks import classes, linear
from onnxpipe.core.apply import apply, tensor
from onnxpipe.core.ops import Var, cast, const, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, Answers, columns, converts
from onnxpipe.core.table import Table

_ORDER = ("predict_proba", "decision_function")
_POSITIVE_IS_ONE = (
    "f1_score",
    "fbeta_score",
    "jaccard_score",
    "precision_score",
    "recall_score",
    "average_precision_score",
)
"""Scores that take the class 1 for the positive one unless told otherwise."""


def _wrapped(stage: Stage) -> Stage:
    """The fitted classifier, which may have been fitted before it was wrapped."""
    return inner(stage, "estimator_" if "estimator_" in stage.state else "estimator")


def wrapped_columns(stage: Stage) -> tuple[str, ...]:
    """The dtypes of the columns of the classifier inside."""
    return columns(_wrapped(stage)) or (ANY,) * int(stage.get("n_features_in_", 0))


@converts(
    "sklearn.model_selection.FixedThresholdClassifier", columns=wrapped_columns, edges=edges_of("estimator_")
)
def fixed_threshold_classifier(stage: Stage, x: Table) -> Answers:
    """The positive class where its score is at least the threshold given; scores are the classifier's."""
    answers = apply(_wrapped(stage), x)
    method = _method(stage, answers)
    threshold = stage.threshold
    if isinstance(threshold, str):
        threshold = 0.5 if method == "predict_proba" else 0.0
    return _thresholded(stage, answers, threshold, stage.pos_label)


@converts(
    "sklearn.model_selection.TunedThresholdClassifierCV",
    columns=wrapped_columns,
    edges=edges_of("estimator_"),
)
def tuned_threshold_classifier(stage: Stage, x: Table) -> Answers:
    """The positive class where its score is at least the threshold found; scores are the classifier's."""
    return _thresholded(stage, apply(_wrapped(stage), x), stage.best_threshold_, _scored_label(stage))


def _method(stage: Stage, answers: Answers) -> str:
    """The score that is held against the threshold."""
    if stage.response_method != "auto":
        return str(stage.response_method)
    return next(name for name in _ORDER if name in answers)


def _scored_label(stage: Stage) -> Any:
    """The positive class of the score that chose the threshold, None where it names none."""
    scorer = stage.child("_curve_scorer", stage._curve_scorer)
    if "pos_label" in scorer._kwargs:
        return scorer._kwargs["pos_label"]
    name = described(scorer._score_func)
    if not name.startswith("sklearn.metrics."):
        raise stage.unsupported(f"chose its threshold by {name}, whose positive class isn't in the file")
    return 1 if name.rpartition(".")[2] in _POSITIVE_IS_ONE else None


def _thresholded(stage: Stage, answers: Answers, threshold: Any, label: Any) -> Answers:
    """The classifier's answers with ``predict`` replaced."""
    known = _known(stage)
    first = label is not None and known[0] == label
    score = _score(tensor(answers[_method(stage, answers)]), _method(stage, answers), first)
    hit = cast(op.greater_or_equal(*promote(score, threshold)), np.int64)
    found = {name: answers[name] for name in _ORDER if name in answers}
    return {**found, "predict": classes.label(hit, known[::-1] if first else known)}


def _score(answer: Var, method: str, first: bool) -> Var:
    """The score ``[N]`` of the first or the second class."""
    if method == "decision_function":
        return op.neg(answer) if first else answer
    return linear.column(op.gather(answer, const([0 if first else 1]), axis=1))


def _known(stage: Stage) -> Any:
    """The two classes, looked up inside pipelines and wrappers."""
    return classes_of(stage.state[_wrapped(stage).path.rpartition("/")[2]])
