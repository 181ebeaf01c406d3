"""Calibrated classifiers. Formulas: sklearn/calibration.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.isotonic import interpolated
from onnxpipe.adapters.sklearn.members import asked, classes_of, shared_columns
from onnxpipe.blocks import classes, ensembles, linear
from onnxpipe.core.apply import tensor
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table

_EPS = 1e-12
"""What is added to shares before their logarithm is taken."""


def _pairs(stage: Stage) -> list[Stage]:
    """Each classifier with its calibrators."""
    found = enumerate(stage.calibrated_classifiers_)
    return [stage.child(f"calibrated_classifiers_[{i}]", each) for i, each in found]


def _classifiers(stage: Stage) -> list[Stage]:
    return [pair.child("estimator", pair.estimator) for pair in _pairs(stage)]


def _columns(stage: Stage) -> list[str]:
    return shared_columns(_classifiers(stage))


@converts("sklearn.calibration.CalibratedClassifierCV", columns=_columns)
def calibrated_classifier(stage: Stage, x: Table) -> Answers:
    """The mean of the calibrated shares of each classifier."""
    answers = asked(_classifiers(stage), x)
    each = [_calibrated(pair, found) for pair, found in zip(_pairs(stage), answers, strict=True)]
    proba = ensembles.mean(each)
    return {"predict": classes.most_likely(proba, stage.classes_), "predict_proba": proba}


def _calibrated(pair: Stage, answers: Answers) -> Var:
    """One classifier's calibrated shares, float64 ``[N, k]``."""
    own = classes_of(pair.estimator)
    method = "decision_function" if "decision_function" in answers else "predict_proba"
    scores = tensor(answers[method])
    if pair.method == "temperature":
        return _tempered(pair, scores, method)
    if len(own) <= 2 and method == "decision_function":
        scores = linear.as_column(scores)
    elif len(own) == 2:
        scores = _second(scores)
    if len(pair.classes) == 2:
        return _binary(pair, scores)
    return linear.shares(_one_vs_rest(pair, scores, own))


def _second(proba: Var) -> Var:
    return op.slice(proba, const([1]), const([2]), const([1]))


def _binary(pair: Stage, score: Var) -> Var:
    """``[1 - p, p]`` of the calibrated score of the second class."""
    proba = linear.two_columns(_curves(pair, score))
    # Interpolated shares may exceed 1 by rounding.
    return op.min([proba, const(1.0)]) if pair.method == "isotonic" else proba


def _one_vs_rest(pair: Stage, scores: Var, own: NDArray[Any]) -> Var:
    """The calibrated scores of a classifier's own classes among all, ``[N, k]``, not yet normalised."""
    made = _curves(pair, scores)
    positions = np.searchsorted(pair.classes, own)[: int(shape_of(made)[1])]
    return ensembles.placed(made, positions, len(pair.classes))


def _curves(pair: Stage, scores: Var) -> Var:
    """Each column of ``scores`` ``[N, m]`` through its calibrator, float64 ``[N, m]``."""
    fitted = [pair.child(f"calibrators[{i}]", each) for i, each in enumerate(pair.calibrators)]
    if pair.method == "isotonic":
        return cast(interpolated(fitted, scores), np.float64)
    slopes = np.array([each.a_ for each in fitted], np.float64)
    shifts = np.array([each.b_ for each in fitted], np.float64)
    return linear.expit(op.neg(scores * const(slopes) + const(shifts)))


def _tempered(pair: Stage, scores: Var, method: str) -> Var:
    """The softmax of logits over a fitted temperature."""
    beta = np.asarray(pair.child("calibrators[0]", pair.calibrators[0]).beta_)
    binary = len(shape_of(scores)) == 1
    if binary:
        logits = linear.as_column(scores) * const([-1, 1], dtype_of(scores))
    elif method == "predict_proba":
        logits = _log(_pair_shares(pair, scores))
    else:
        logits = _logits(scores)
    return cast(linear.softmax(logits * beta), np.float64)


def _pair_shares(pair: Stage, proba: Var) -> Var:
    return linear.two_columns(_second(proba)) if len(pair.classes) == 2 else proba


def _log(shares: Var) -> Var:
    return op.log(shares + const(_EPS, dtype_of(shares)))


def _logits(scores: Var) -> Var:
    """``scores`` ``[N, k]``, or their logarithms where all rows of the batch together look like shares."""
    zero, one = const(0, dtype_of(scores)), const(1, dtype_of(scores))
    within = op.and_(op.greater_or_equal(scores, zero), op.less_or_equal(scores, one))
    gap = op.abs(op.reduce_sum(scores, const([1])) - one)
    whole = op.and_(within, op.less_or_equal(gap, const(1e-8 + 1e-5, dtype_of(scores))))
    shares = op.reduce_min(
        op.concat([cast(op.reshape(whole, const([-1])), np.int32), const([1], np.int32)], axis=0)
    )
    return op.where(cast(shares, np.bool_), _log(scores), scores)
