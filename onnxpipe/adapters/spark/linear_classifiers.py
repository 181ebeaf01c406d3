"""Classifiers whose scores are linear in the features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from onnxpipe.adapters.spark import coefficients, kinds
from onnxpipe.adapters.spark.predicting import Predictions, classified, logistic_pair, softmax, two_sided
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("pyspark.ml.classification.LogisticRegressionModel")
def logistic_regression(stage: Stage, x: Column) -> Predictions:
    """Formula: LogisticRegressionModel.raw2prediction and .probability2prediction."""
    scores = coefficients.scores(x, stage.coefficientMatrix, stage.interceptVector)
    if stage.isMultinomial:
        return classified(stage, scores, softmax)
    limit = _log_odds(float(stage.threshold))
    shares = partial(logistic_pair, sure=0)
    return classified(stage, two_sided(scores), shares, lambda raw: _above(raw, limit))


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.coefficients)),)


@converts("pyspark.ml.classification.LinearSVCModel", columns=_as_fitted)
def linear_svc(stage: Stage, x: Column) -> Predictions:
    """Formula: LinearSVCModel.predictRaw and .raw2prediction."""
    raw = two_sided(coefficients.scores(x, stage.coefficients, stage.intercept))
    return {
        "rawPredictionCol": raw,
        "predictionCol": cast(_above(raw, float(stage.threshold)), np.float64),
    }


def _above(raw: Var, limit: float) -> Var:
    """1 where the second score is above a limit, else 0: ``[N, 1]``."""
    return op.greater(op.gather(raw, const([1]), axis=1), const(limit))


def _log_odds(threshold: float) -> float:
    """The score at which a share is the threshold."""
    if threshold in (0, 1):
        return -np.inf if threshold == 0 else np.inf
    return float(np.log(threshold / (1 - threshold)))
