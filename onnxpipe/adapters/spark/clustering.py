"""Clusters by their centres, by a tree of centres, and as a mixture of Gaussians.

Formulas: KMeansModel, BisectingKMeansModel and DistanceMeasure in org/apache/spark/mllib/clustering;
GaussianMixtureModel in org/apache/spark/ml/clustering; MultivariateGaussian in ml/stat/distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.bisections import Bisections, bisections
from onnxpipe.adapters.spark.predicting import Predictions, highest
from onnxpipe.blocks import densities, linear, numeric
from onnxpipe.blocks.points import distances
from onnxpipe.core.frame import Column
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, filled, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]

_EPSILON = float(np.finfo(np.float64).eps)
"""What Spark adds to every density of a mixture."""


def _centres(stage: Stage) -> Array:
    """The centres ``[k, d]`` by the number of their cluster."""
    order = np.argsort(stage.data["clusterIdx"])
    return np.stack([np.asarray(stage.data["clusterCenter"][i]) for i in order])


@converts(
    "pyspark.ml.clustering.KMeansModel", columns=lambda stage: (kinds.vector(_centres(stage).shape[1]),)
)
def k_means(stage: Stage, x: Column) -> Predictions:
    """The nearest centre, the first of several, int32 ``[N, 1]``.

    By Euclidean distance also where it was fitted by cosine: KMeansModel.load drops the measure.
    """
    gaps = long_vectors.gaps(_with_distances(stage, x), _centres(stage))
    return {"predictionCol": cast(op.arg_min(gaps, axis=1, keepdims=1), np.int32)}


def _as_split(stage: Stage) -> Sequence[str]:
    return (kinds.vector(bisections(stage).width),)


@converts("pyspark.ml.clustering.BisectingKMeansModel", columns=_as_split)
def bisecting_k_means(stage: Stage, x: Column) -> Predictions:
    """The leaf that is reached by going to the nearer of two centres at each split, int32 ``[N, 1]``."""
    tree, x = bisections(stage), _with_distances(stage, x)
    x = _with_angles(stage, x) if stage.distanceMeasure == "cosine" else x
    return {"predictionCol": op.gather(const(tree.labels), _leaf(stage, tree, x), axis=0)}


def _leaf(stage: Stage, tree: Bisections, x: Column) -> Var:
    """The place of the leaf that a row reaches, int64 ``[N, 1]``."""
    if not len(tree.left):
        return filled(long_vectors.elements(x), np.int64(0), 1)
    left, right = (_distances(stage, x, centres) for centres in (tree.left, tree.right))
    turns = cast(op.less(right, left), np.float64)
    return linear.as_column(distances.descended(turns, tree.lefts, tree.rights))


def _with_distances(stage: Stage, x: Column) -> Column:
    """``x``; rows with NaN, which are at no distance, are refused."""
    return _checked(stage, x, lambda found: op.isnan(op.reduce_sum(op.abs(found), const([1]))))


def _with_angles(stage: Stage, x: Column) -> Column:
    """``x``; rows of zeros, which have no cosine, are refused."""
    return _checked(stage, long_vectors.once(x), lambda found: op.equal(numeric.norm(found, 2), const(0.0)))


def _checked(stage: Stage, x: Column, wrong: Callable[[Var], Var]) -> Column:
    """``x``; rows whose elements are ``wrong`` ``[N, 1]`` are refused."""
    return long_vectors.replaced(x, lambda found: refuse(stage.context, found, wrong(found)))


def _distances(stage: Stage, x: Column, centres: Array) -> Var:
    """Squared Euclidean distances to centres ``[k, d]``, or one less cosines; NaN is farthest: ``[N, k]``."""
    if stage.distanceMeasure != "cosine":
        return long_vectors.gaps(x, centres)
    size = numeric.norm(long_vectors.elements(x), 2)
    gap = op.sub(const(1.0), long_vectors.affine(x, centres) / np.linalg.norm(centres, axis=1) / size)
    return op.where(op.isnan(gap), const(np.inf), gap)


@converts(
    "pyspark.ml.clustering.GaussianMixtureModel", columns=lambda stage: (kinds.vector(len(stage.mus[0])),)
)
def gaussian_mixture(stage: Stage, x: Var) -> Predictions:
    """The share of each Gaussian in the density at a row, and the Gaussian with the highest, int32."""
    maps, constants = zip(*(_whitening(np.asarray(sigma)) for sigma in stage.sigmas), strict=True)
    norms = densities.mapped_norms(x, np.stack(stage.mus), np.stack(maps))
    joint = op.exp(op.add(op.mul(norms, const(-0.5)), const(np.array(constants))))
    weighed = op.add(op.mul(joint, const(np.asarray(stage.weights))), const(_EPSILON))
    shares = op.div(weighed, op.reduce_sum(weighed, const([1])))
    return {"probabilityCol": shares, "predictionCol": cast(highest(shares), np.int32)}


def _whitening(covariance: Array) -> tuple[Array, float]:
    """``U D^(-1/2)`` ``[d, d]`` and the log-density at the mean, of the directions that vary."""
    spread, axes = np.linalg.eigh(covariance)
    varies = spread > _EPSILON * spread.max() * len(spread)
    scale = np.where(varies, np.sqrt(1 / np.where(varies, spread, 1)), 0)
    return axes * scale, -0.5 * (len(spread) * np.log(2 * np.pi) + np.log(spread[varies]).sum())
