"""From scores to predictions: what all of Spark's classifiers share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, cast, const, op, shape_of
from onnxpipe.core.plan import Stage

Predictions = Mapping[str, Var]
"""Values by the parameter that names their column."""


def classified(
    stage: Stage, raw: Var, probability: Callable[[Var], Var], decide: Callable[[Var], Var] | None = None
) -> Predictions:
    """The three columns of a classifier, of its scores ``raw`` ``[N, k]``.

    ``decide`` tells the index of the class ``[N, 1]`` from the scores where that isn't the highest
    one's. Formula: ProbabilisticClassificationModel.transform: thresholds, where there are any,
    judge probabilities, and the label is a float64.
    """
    shares = probability(raw)
    label = by_thresholds(shares, stage.thresholds) if stage.get("thresholds") else (decide or highest)(raw)
    return {
        "rawPredictionCol": raw,
        "probabilityCol": shares,
        "predictionCol": cast(label, np.float64),
    }


def highest(scores: Var) -> Var:
    """The place of the highest score ``[N, 1]``, the first where several are highest; NaN is never higher.

    Formula: DenseVector.argmax, which starts from the first score, whatever that is.
    """
    width = int(shape_of(scores)[1])
    stand_in = np.where(np.arange(width) == 0, np.inf, -np.inf)
    return op.arg_max(op.where(op.isnan(scores), const(stand_in), scores), axis=1, keepdims=1)


def by_thresholds(shares: Var, thresholds: Sequence[float]) -> Var:
    """The class ``[N, 1]`` whose share is the highest multiple of its threshold; NaN is never chosen.

    Formula: ProbabilisticClassificationModel.probability2prediction.
    """
    scaled = op.div(shares, const(thresholds, np.float64))
    lowest = const(-np.inf)
    return op.arg_max(op.where(op.isnan(scaled), lowest, scaled), axis=1, keepdims=1)


def softmax(scores: Var) -> Var:
    """Row-wise softmax ``[N, k]``; where scores are infinite the first such is sure and the rest times 0.

    Formula: Utils.softmax in org/apache/spark/ml/impl/Utils.scala (4.x).
    """
    infinite = op.equal(scores, const(np.inf))
    counted = cast(infinite, np.float32)
    places = const(np.arange(int(shape_of(scores)[1])))
    sure = op.and_(infinite, op.equal(places, op.arg_max(counted, axis=1, keepdims=1)))
    unbounded = op.greater(op.reduce_max(counted, const([1])), const(0, np.float32))
    rest = op.where(unbounded, op.mul(scores, const(0.0)), op.softmax(scores, axis=1))
    return op.where(sure, const(1.0), rest)


def normalised(raw: Var) -> Var:
    """Each row of scores ``[N, k]`` divided by its sum, rows of zeros as they are.

    Formula: ProbabilisticClassificationModel.normalizeToProbabilitiesInPlace.
    """
    total = op.reduce_sum(raw, const([1]))
    return op.div(raw, op.where(op.equal(total, const(0.0)), const(1.0), total))


def two_sided(margin: Var) -> Var:
    """``[-margin, margin]`` ``[N, 2]`` from ``[N, 1]``."""
    return op.concat([op.neg(margin), margin], axis=1)


def logistic_pair(raw: Var, sure: int) -> Var:
    """Two shares ``[N, 2]``: the logistic function of score ``sure``, and what that leaves of 1.

    Which of the two is computed and which is left is Spark's choice, and shows in the last digits.
    """
    share = linear.expit(op.gather(raw, const([sure]), axis=1))
    rest = op.sub(const(1.0), share)
    return op.concat([share, rest] if sure == 0 else [rest, share], axis=1)
