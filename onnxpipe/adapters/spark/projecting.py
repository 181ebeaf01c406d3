"""Vectors projected: principal components, cosines, and hashes that bring neighbours together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import linear, numeric, terms
from onnxpipe.core.frame import Column, vector
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_PRIME = 2038074743
"""What MinHash counts modulo: MinHashLSH.HASH_PRIME."""


def _fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.pc)),)


@converts("pyspark.ml.feature.PCAModel", columns=_fitted)
def pca(stage: Stage, x: Column) -> Column:
    """Formula: PCAModel.transform; Spark doesn't centre."""
    return vector(long_vectors.affine(x, stage.pc.T))


@converts("pyspark.ml.feature.DCT", columns=lambda stage: (kinds.VECTOR,))
def dct(stage: Stage, x: Column) -> Column:
    """The cosine transform of type II, scaled so that its inverse is its transpose.

    Spark's own, a fast transform, answers infinities with NaN wherever it happens to subtract them.
    """
    waves = _cosines(x.width)
    return vector(linear.affine(numbers(x), waves.T if stage.inverse else waves))


def _cosines(n: int) -> NDArray[Any]:
    """``[n, n]``: cosine waves of length 1, one per row."""
    waves = np.cos(np.pi / n * np.outer(np.arange(n), np.arange(n) + 0.5))
    scaled: NDArray[Any] = waves * np.sqrt(np.where(np.arange(n) == 0, 1, 2) / n)[:, None]
    return scaled


def _hashed(stage: Stage) -> Sequence[str]:
    return (kinds.vector(stage.randUnitVectors.shape[1]),)


@converts("pyspark.ml.feature.BucketedRandomProjectionLSHModel", columns=_hashed)
def bucketed_projections(stage: Stage, x: Column) -> Column:
    """One bucket per table, ``[N, tables]``: Spark has an array of vectors of one element each.

    Formula: BucketedRandomProjectionLSHModel.hashFunction.
    """
    return vector(op.floor(long_vectors.affine(x, stage.randUnitVectors / float(stage.bucketLength))))


@converts("pyspark.ml.feature.MinHashLSHModel", columns=lambda stage: (kinds.VECTOR,))
def min_hash(stage: Stage, x: Column) -> Column:
    """The lowest hash of the places that aren't 0, one per table: ``[N, tables]``.

    Formula: MinHashLSHModel.hashFunction, which refuses vectors that are 0 throughout.
    """
    x = long_vectors.once(x)
    lowest = _lowest(x, _hashes(stage.randCoefficients, x.width))
    there = op.not_(op.equal(long_vectors.elements(x), const(0.0)))
    return vector(refuse(stage.context, lowest, numeric.none_of(there)))


def _lowest(x: Column, hashes: NDArray[Any]) -> Var:
    """The lowest of hashes ``[tables, d]`` where a row isn't 0, ``[N, tables]``."""
    if x.terms is not None:
        return terms.lowest(x.terms, np.ascontiguousarray(hashes.T))
    there = op.unsqueeze(op.not_(op.equal(numbers(x), const(0.0))), const([1]))
    return op.reduce_min(op.where(there, const(hashes), const(np.inf)), const([2]), keepdims=0)


def _hashes(coefficients: Sequence[int], width: int) -> NDArray[Any]:
    """The hash of each place in each table, ``[tables, width]``; products stay below 2 ** 63."""
    pairs = np.asarray(coefficients, np.int64).reshape(-1, 2)
    places = np.arange(1, width + 1, dtype=np.int64)
    return ((pairs[:, :1] * places + pairs[:, 1:]) % _PRIME).astype(np.float64)
