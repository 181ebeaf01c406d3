"""Vectors shifted, scaled and normed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import numeric
from onnxpipe.core.frame import Column, vector
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]


def _as_long_as(name: str) -> Callable[[Stage], Sequence[str]]:
    """Vectors as long as the field of this name."""
    return lambda stage: (kinds.vector(len(stage.state.get(name, ()))),)


def _scaled(x: Column, spread: Array) -> Column:
    """``x`` times ``1 / spread`` ``[d]``; what doesn't vary is multiplied by 0, so that NaN stays."""
    varies = spread != 0
    return long_vectors.scaled(x, np.where(varies, 1 / np.where(varies, spread, 1), 0))


def _centred(x: Column, middle: Array) -> Column:
    """``x`` less ``middle`` ``[d]``: nothing of it is 0 any more."""
    return vector(numbers(x) - middle)


def _doubles(x: Column) -> Column:
    """``x`` as Spark holds vectors, whatever they came in."""
    return x if x.terms is not None else vector(numbers(x))


@converts("pyspark.ml.feature.StandardScalerModel", columns=_as_long_as("std"))
def standard_scaler(stage: Stage, x: Column) -> Column:
    """Formula: StandardScalerModel.getTransformFunc; what doesn't vary becomes 0."""
    if stage.withMean:
        x = _centred(x, stage.mean)
    return _scaled(x, stage.std) if stage.withStd else _doubles(x)


@converts("pyspark.ml.feature.RobustScalerModel", columns=_as_long_as("median"))
def robust_scaler(stage: Stage, x: Column) -> Column:
    """Formula: RobustScalerModel.transform, which is StandardScalerModel's with median and quantile range."""
    if stage.withCentering:
        x = _centred(x, stage.median)
    return _scaled(x, stage.range) if stage.withScaling else _doubles(x)


@converts("pyspark.ml.feature.MaxAbsScalerModel", columns=_as_long_as("maxAbs"))
def max_abs_scaler(stage: Stage, x: Column) -> Column:
    """Formula: MaxAbsScalerModel.transform; where all was 0 values stay as they are."""
    return _scaled(x, np.where(stage.maxAbs == 0, 1, stage.maxAbs))


@converts("pyspark.ml.feature.MinMaxScalerModel", columns=_as_long_as("originalMin"))
def min_max_scaler(stage: Stage, x: Var) -> Var:
    """Formula: MinMaxScalerModel.transform; what doesn't vary gets the middle, unless it is NaN."""
    low, high, span = float(stage.min), float(stage.max), stage.originalMax - stage.originalMin
    scale = np.where(span == 0, 0, (high - low) / np.where(span == 0, 1, span))
    scaled: Var = (x - stage.originalMin) * scale + low
    if not (span == 0).any():
        return scaled
    fixed = op.and_(const(span == 0), op.not_(op.isnan(x)))
    return op.where(fixed, const((low + high) / 2), scaled)


@converts("pyspark.ml.feature.Normalizer", columns=lambda stage: (kinds.VECTOR,))
def normalizer(stage: Stage, x: Column) -> Column:
    """Formula: Normalizer.transform; vectors of norm 0 stay as they are."""
    x = long_vectors.once(x)
    size = numeric.norm(long_vectors.elements(x), float(stage.p))
    return long_vectors.divided(x, op.where(op.equal(size, const(0.0)), const(1.0), size))


@converts("pyspark.ml.feature.ElementwiseProduct", columns=_as_long_as("scalingVec"))
def elementwise_product(stage: Stage, x: Column) -> Column:
    return long_vectors.scaled(x, stage.scalingVec)
