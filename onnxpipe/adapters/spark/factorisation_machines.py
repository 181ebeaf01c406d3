"""Factorisation machines. Formulas: getRawPrediction in FMRegressor.scala, and FMClassificationModel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.predicting import Predictions, classified, logistic_pair, two_sided
from onnxpipe.blocks import linear, polynomials
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.wild import beyond

_WILD = beyond(1e3)
"""The square of a sum less the sum of squares: of far larger values only their rounding is left."""


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.linear)),)


@converts("pyspark.ml.classification.FMClassificationModel", columns=_as_fitted, wild=_WILD)
def fm_classifier(stage: Stage, x: Var) -> Predictions:
    """``[-score, score]`` and ``1 / (1 + exp(-score))``."""
    return classified(stage, two_sided(score(stage, x)), partial(logistic_pair, sure=1))


@converts("pyspark.ml.regression.FMRegressionModel", columns=_as_fitted, wild=_WILD)
def fm_regressor(stage: Stage, x: Var) -> Predictions:
    """The score itself."""
    return {"predictionCol": score(stage, x)}


def score(stage: Stage, x: Var) -> Var:
    """``intercept + x @ linear`` and what pairs of features add ``[N, 1]``."""
    return op.add(
        linear.affine(x, stage.linear[None], stage.intercept), polynomials.interactions(x, stage.factors)
    )
