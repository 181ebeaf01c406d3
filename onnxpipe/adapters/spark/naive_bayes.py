"""Naive Bayes. Formulas: NaiveBayesModel in org/apache/spark/ml/classification/NaiveBayes.scala."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.predicting import Predictions, classified, softmax
from onnxpipe.blocks import densities, linear
from onnxpipe.core.frame import Column
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(stage.theta.shape[1]),)


def _edges(stage: Stage) -> Mapping[int, Any]:
    """The values at which rows begin to be refused."""
    return {} if stage.modelType == "gaussian" else {0: [0.0, 1.0]}


@converts("pyspark.ml.classification.NaiveBayesModel", columns=_as_fitted, edges=_edges)
def naive_bayes(stage: Stage, x: Column) -> Predictions:
    """Raw scores are joint log-likelihoods; what a type has no likelihood for, it refuses."""
    if stage.modelType != "gaussian":
        x = _counts(stage, x)
    return classified(stage, _JOINT[stage.modelType](stage, x), softmax)


def _counts(stage: Stage, x: Column) -> Column:
    """The column, refusing rows with values that are no counts."""
    return long_vectors.replaced(
        long_vectors.once(x),
        lambda found: require(stage.context, found, _valid(stage, found)),
    )


def _valid(stage: Stage, x: Var) -> Var:
    """Which values ``[N, d]`` are counts, or, for bernoulli, 0 or 1."""
    if stage.modelType == "bernoulli":
        return op.or_(op.equal(x, const(0.0)), op.equal(x, const(1.0)))
    return op.greater_or_equal(x, const(0.0))


def _multinomial(stage: Stage, x: Column) -> Var:
    """``x @ theta.T + pi``."""
    return long_vectors.affine(x, stage.theta, stage.pi)


def _complement(stage: Stage, x: Column) -> Var:
    """``x @ theta.T``, the exponentials of each row summing to 1."""
    joint = long_vectors.affine(x, stage.theta)
    return op.sub(joint, linear.log_sum_exp(joint, const([1])))


def _bernoulli(stage: Stage, x: Column) -> Var:
    """``x @ (theta - log(1 - exp(theta))).T + pi + sum(log(1 - exp(theta)))``."""
    no = np.log1p(-np.exp(stage.theta))
    return long_vectors.affine(x, stage.theta - no, stage.pi + no.sum(axis=1))


def _gaussian(stage: Stage, x: Column) -> Var:
    """``pi - (sum((x - theta)**2 / sigma) + sum(log(sigma))) / 2``."""
    norms = densities.diagonal_norms(numbers(x), stage.theta, stage.sigma)
    constant = stage.pi - np.log(stage.sigma).sum(axis=1) / 2
    return op.add(op.mul(norms, const(-0.5)), const(constant))


_JOINT: Mapping[str, Callable[[Stage, Column], Var]] = {
    "multinomial": _multinomial,
    "complement": _complement,
    "bernoulli": _bernoulli,
    "gaussian": _gaussian,
}
