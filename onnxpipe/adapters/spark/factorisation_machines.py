"""Factorisation machines. Formulas: getRawPrediction in FMRegressor.scala, and FMClassificationModel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.predicting import Predictions, classified, logistic_pair, two_sided
from onnxpipe.blocks import polynomials
from onnxpipe.core.frame import Column, Terms
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.wild import beyond

Array = NDArray[Any]

_WILD = beyond(1e3)
"""The square of a sum less the sum of squares: of far larger values only their rounding is left."""


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.linear)),)


@converts("pyspark.ml.classification.FMClassificationModel", columns=_as_fitted, wild=_WILD)
def fm_classifier(stage: Stage, x: Column) -> Predictions:
    """``[-score, score]`` and ``1 / (1 + exp(-score))``."""
    return classified(stage, two_sided(score(stage, x)), partial(logistic_pair, sure=1))


@converts("pyspark.ml.regression.FMRegressionModel", columns=_as_fitted, wild=_WILD)
def fm_regressor(stage: Stage, x: Column) -> Predictions:
    """The score itself."""
    return {"predictionCol": score(stage, x)}


def score(stage: Stage, x: Column) -> Var:
    """``intercept + x @ linear`` and what pairs of features add ``[N, 1]``."""
    x = long_vectors.once(x)
    return op.add(long_vectors.affine(x, stage.linear[None], stage.intercept), _pairs(x, stage.factors))


def _pairs(x: Column, factors: Array) -> Var:
    if x.terms is None:
        return polynomials.interactions(numbers(x), factors)
    squared = replace(x, terms=Terms(x.terms.places, op.mul(x.terms.values, x.terms.values)))
    sums, squares = long_vectors.affine(x, factors.T), long_vectors.affine(squared, factors.T**2)
    return polynomials.halved(sums, squares)
