"""One classifier per class. Formula: OneVsRestModel.transform in OneVsRest.scala."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from onnxpipe.adapters.spark.columns import apply, wants
from onnxpipe.adapters.spark.predicting import Predictions
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var, cast, concat, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts, find


def _classifiers(stage: Stage) -> Iterator[Stage]:
    """The classifiers of each class against the rest, reading its features and naming their scores."""
    for i, record in enumerate(stage.models):
        inner = stage.child(f"models[{i}]", record)
        yield replace(inner, state={**inner.state, "featuresCol": stage.featuresCol, _SCORES: _SCORES})


_SCORES = "rawPredictionCol"


def _as_fitted(stage: Stage) -> Sequence[str]:
    return wants(next(_classifiers(stage)))


def _edges(stage: Stage) -> Mapping[int, Any]:
    """The edges of the first classifier."""
    first = next(_classifiers(stage))
    converter = find(first.kind)
    return converter.edges(first) if converter is not None and converter.edges is not None else {}


@converts("pyspark.ml.classification.OneVsRestModel", columns=_as_fitted, edges=_edges)
def one_vs_rest(stage: Stage, x: Column) -> Predictions:
    """The second score of each classifier; the class with the highest one."""
    scores = [apply(inner, {stage.featuresCol: x})[_SCORES].var for inner in _classifiers(stage)]
    raw = concat([op.gather(score, const([1]), axis=1) for score in scores], 1)
    return {_SCORES: raw, "predictionCol": cast(_highest(raw), np.float64)}


def _highest(scores: Var) -> Var:
    """The place of the highest score ``[N, 1]``, -1 where none is above minus infinity.

    Formula: array_argmax in Spark 4; before it, such rows were given the first class.
    """
    lowest = const(-np.inf)
    known = op.where(op.isnan(scores), lowest, scores)
    none = op.less_or_equal(op.reduce_max(known, const([1])), lowest)
    return op.where(none, const(-1), op.arg_max(known, axis=1, keepdims=1))
