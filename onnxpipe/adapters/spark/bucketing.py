"""Numbers to bins and truths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import java_text, kinds
from onnxpipe.adapters.spark.columns import numbers, reads
from onnxpipe.blocks import binning, elementwise
from onnxpipe.core.frame import Column
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _thresholds(stage: Stage) -> list[float]:
    several = stage.get("thresholds")
    return list(several) if several else [float(stage.threshold)] * len(reads(stage))


def _binarized(stage: Stage) -> Sequence[str]:
    return (kinds.NUMBER_OR_VECTOR,) * len(reads(stage))


@converts(
    "pyspark.ml.feature.Binarizer",
    columns=_binarized,
    edges=lambda stage: {i: [value] for i, value in enumerate(_thresholds(stage))},
)
def binarizer(stage: Stage, x: Column, place: int) -> Var:
    """Formula: Binarizer.transform, where NaN is 0, but 1 in vectors where the threshold is below 0."""
    value, threshold = numbers(x), _thresholds(stage)[place]
    above = op.greater(value, const(threshold))
    return cast(op.or_(above, op.isnan(value)) if x.vector and threshold < 0 else above, np.float64)


def _splits(stage: Stage) -> list[NDArray[Any]]:
    several = stage.get("splitsArray")
    return [np.asarray(splits, np.float64) for splits in (several or [stage.splits])]


def _edges(stage: Stage) -> Mapping[int, Any]:
    return dict(enumerate(_splits(stage)))


@converts("pyspark.ml.feature.Bucketizer", edges=_edges)
def bucketizer(stage: Stage, x: Column, place: int) -> Column:
    """Formula: Bucketizer.binarySearchForBuckets; the last bucket holds its top, NaN has one of its own."""
    splits, value = _splits(stage)[place], numbers(x)
    absent, last = op.isnan(value), len(splits) - 2
    value = _ordered(value, splits)
    inside = op.and_(op.greater_or_equal(value, const(splits[0])), op.less_or_equal(value, const(splits[-1])))
    allowed = op.or_(inside, absent) if stage.handleInvalid == "keep" else inside
    bucket = binning.bins(value, [splits[1:-1]])
    bucket = require(stage.context, bucket, allowed)
    return Column(op.where(absent, const(last + 1.0), bucket), labels=(_names(splits),))


def _ordered(x: Var, splits: NDArray[Any]) -> Var:
    """``x`` with -0.0 below 0.0, where that is a split: java.util.Arrays.binarySearch orders doubles so."""
    if not (splits[:-1] == 0).any():
        return x
    return op.where(elementwise.is_minus_zero(x), const(-np.finfo(np.float64).smallest_subnormal), x)


def _names(splits: NDArray[Any]) -> tuple[str, ...]:
    """The buckets as Spark names them in a column's attributes."""
    texts = [java_text.written(split) for split in splits]
    return tuple(f"{low}, {high}" for low, high in pairwise(texts))
