"""Classifiers whose scores are linear in the features."""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.spark.predicting import Predictions, classified, softmax
from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("pyspark.ml.classification.LogisticRegressionModel")
def logistic_regression(stage: Stage, x: Var) -> Predictions:
    """Formula: LogisticRegressionModel.raw2prediction and .probability2prediction."""
    scores = linear.affine(x, stage.coefficientMatrix, stage.interceptVector)
    if stage.isMultinomial:
        return classified(stage, scores, softmax)
    raw = op.concat([op.neg(scores), scores], axis=1)
    return classified(stage, raw, _two_shares, lambda raw: _above(raw, float(stage.threshold)))


def _two_shares(raw: Var) -> Var:
    """``[p, 1 - p]`` of the first score, the complement taken as Spark takes it."""
    first = linear.expit(op.gather(raw, const([0]), axis=1))
    return op.concat([first, op.sub(const(1.0), first)], axis=1)


def _above(raw: Var, threshold: float) -> Var:
    """1 where the second score is above the log odds of a threshold, else 0: ``[N, 1]``."""
    if threshold in (0, 1):
        limit = -np.inf if threshold == 0 else np.inf
    else:
        limit = float(np.log(threshold / (1 - threshold)))
    return op.greater(op.gather(raw, const([1]), axis=1), const(limit))
