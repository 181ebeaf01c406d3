"""Regressors whose answer is a function of one linear score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.adapters.spark import kinds, links
from onnxpipe.adapters.spark.coefficients import scores
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.predicting import Predictions
from onnxpipe.core.frame import Column, Columns
from onnxpipe.core.ops import const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.coefficients)),)


@converts("pyspark.ml.regression.LinearRegressionModel", columns=_as_fitted)
def linear_regression(stage: Stage, x: Column) -> Predictions:
    """Formula: LinearRegressionModel.predict, whatever the loss it was fitted with."""
    return {"predictionCol": scores(x, stage.coefficients, stage.intercept)}


def _features_and_offset(stage: Stage) -> Sequence[str]:
    return (stage.featuresCol, *([stage.offsetCol] if stage.get("offsetCol") else []))


def _vector_and_number(stage: Stage) -> Sequence[str]:
    return (*_as_fitted(stage), *([kinds.NUMBER] if stage.get("offsetCol") else []))


@converts(
    "pyspark.ml.regression.GeneralizedLinearRegressionModel",
    reads=_features_and_offset,
    columns=_vector_and_number,
)
def generalised_linear_regression(stage: Stage, xs: Columns) -> Predictions:
    """The linear predictor, and the mean it belongs to. Formula: GeneralizedLinearRegressionModel."""
    x, *offset = xs
    score = scores(x, stage.coefficients, stage.intercept)
    for each in offset:
        score = op.add(score, numbers(each))
    return {"linkPredictionCol": score, "predictionCol": links.mean(stage, score)}


@converts("pyspark.ml.regression.AFTSurvivalRegressionModel", columns=_as_fitted)
def aft_survival_regression(stage: Stage, x: Column) -> Predictions:
    """``exp(score)``, and that times ``exp(log(-log(1 - q)) * scale)`` for each quantile asked for."""
    lifetime = op.exp(scores(x, stage.coefficients, stage.intercept))
    spread = np.exp(np.log(-np.log(1 - np.asarray(stage.quantileProbabilities))) / (1 / stage.scale))
    return {"predictionCol": lifetime, "quantilesCol": op.mul(lifetime, const(spread))}
