"""Indices to the labels or the targets they stand for, and categories inside vectors to indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import java_text, kinds
from onnxpipe.adapters.spark.columns import reads
from onnxpipe.blocks import categorical, elementwise
from onnxpipe.blocks.categorical import Coding
from onnxpipe.core.frame import Column
from onnxpipe.core.guards import refuse, require
from onnxpipe.core.ops import Var, cast, concat, const, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_OVERALL = float(2**31 - 1)
"""What TargetEncoder keeps the statistics of all rows under: TargetEncoder.UNSEEN_CATEGORY."""


def _indices(stage: Stage) -> Mapping[int, Any]:
    return {0: np.arange(len(stage.get("labels") or ()) + 1.0)}


@converts("pyspark.ml.feature.IndexToString", edges=_indices)
def index_to_string(stage: Stage, x: Column) -> Var:
    """Formula: IndexToString.transform, which drops fractions and refuses NaN."""
    labels = stage.get("labels") or (x.labels and x.labels[0])
    if not labels:
        raise stage.inexact(
            "takes its labels from the column's attributes, which no earlier stage sets",
            "Set them: IndexToString(labels=[...])",
        )
    place = elementwise.trunc(cast(x.var, np.float64))
    valid = op.and_(op.greater_or_equal(place, const(0.0)), op.less(place, const(float(len(labels)))))
    place = require(stage.context, place, valid)
    return op.gather(const(list(labels)), cast(op.where(valid, place, const(0.0)), np.int64), axis=0)


def _length(stage: Stage) -> Sequence[str]:
    return (kinds.vector(int(stage.numFeatures)),)


def _maps(stage: Stage) -> Mapping[int, Mapping[float, int]]:
    """The indices of values by element; an empty map is saved as any other empty list."""
    return stage.categoryMaps or {}


def _categories(stage: Stage) -> Mapping[int, Any]:
    return {j: list(codes) for j, codes in _maps(stage).items()}


@converts("pyspark.ml.feature.VectorIndexerModel", columns=_length, edges=_categories)
def vector_indexer(stage: Stage, x: Var) -> Column:
    """Formula: VectorIndexerModel.transformFunc; ``keep`` gives what wasn't seen the next index."""
    maps = dict(sorted(_maps(stage).items()))
    width = int(stage.numFeatures)
    if not maps:
        return Column(x, vector=True)
    index, counts = _indexed(x, maps), np.array([len(codes) for codes in maps.values()])
    unseen = op.less(index, const(0))
    if stage.handleInvalid == "keep":
        index = op.where(unseen, const(counts, np.int64), index)
    else:
        index = refuse(stage.context, index, unseen)
    others = [j for j in range(width) if j not in maps]
    parts = [cast(index, np.float64), *([take_columns(x, others)] if others else [])]
    order = np.argsort([*maps, *others])
    return Column(take_columns(concat(parts, 1), order), vector=True, labels=_value_labels(maps, width))


def _indexed(x: Var, maps: Mapping[int, Mapping[float, int]]) -> Var:
    """int64: the indices of the categorical elements, -1 for what wasn't seen."""
    codings = [Coding(np.array(list(c), np.float64), np.array(list(c.values()))) for c in maps.values()]
    return categorical.coded(take_columns(x, list(maps)), codings, -1)


def _value_labels(maps: Mapping[int, Mapping[float, int]], width: int) -> Sequence[Sequence[str]]:
    ordered = {j: sorted(codes, key=lambda value: codes[value]) for j, codes in maps.items()}
    return [[java_text.written(value) for value in ordered.get(j, ())] for j in range(width)]


def _encoded(stage: Stage) -> Sequence[str]:
    """The names of the columns added; without any given, Spark makes them of the columns read."""
    given = stage.get("outputCols") or [stage.get("outputCol", "")]
    return given if given[0] not in ("", f"{stage.uid}__output") else [f"{n}_indexed" for n in reads(stage)]


@converts("pyspark.ml.feature.TargetEncoderModel", edges=lambda stage: _seen(stage), adds=_encoded)
def target_encoder(stage: Stage, x: Var, place: int) -> Var | Mapping[str, Var]:
    """Formula: TargetEncoderModel.transform; NaN is no category, a null is one where one was fitted."""
    categories, means = _smoothed(stage, place)
    own = (categories != _OVERALL) & (categories >= 0)
    index = categorical.coded(x, [Coding(categories[own], np.arange(own.sum()))], int(own.sum()))
    if stage.handleInvalid != "keep":
        index = require(stage.context, index, op.less(index, const(int(own.sum()))))
    table = np.append(means[own], means[categories == _OVERALL])
    mean, name = op.gather(const(table), index, axis=0), _encoded(stage)[place]
    return {name: mean} if name.endswith("_indexed") else mean


def _smoothed(stage: Stage, place: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The categories of a column and the mean target of each, drawn to the overall mean.

    Formula: TargetEncoderModel's encodings.
    """
    row = int(np.flatnonzero(stage.data["index"] == place)[0])
    categories, counts, stats = (np.asarray(stage.data[n][row]) for n in ("categories", "counts", "stats"))
    means = stats / counts if stage.targetType == "binary" else stats
    weight = counts / (counts + float(stage.smoothing))
    return categories, weight * means + (1 - weight) * means[categories == _OVERALL]


def _seen(stage: Stage) -> Mapping[int, Any]:
    return {int(i): stage.data["categories"][row] for row, i in enumerate(stage.data["index"])}
