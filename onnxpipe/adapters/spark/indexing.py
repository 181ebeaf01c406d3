"""Text to indices and indices to indicator vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import java_text, kinds
from onnxpipe.blocks import categorical, elementwise
from onnxpipe.blocks.categorical import Coding
from onnxpipe.core.frame import Column, Terms, vector
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.tallies import is_long
from onnxpipe.errors import BadInput


def _label_kinds(stage: Stage) -> Sequence[str]:
    return (kinds.TEXT_OR_NUMBER,) * len(stage.labelsArray)


def _labels(stage: Stage) -> Mapping[int, Any]:
    return dict(enumerate(stage.labelsArray))


@converts("pyspark.ml.feature.StringIndexerModel", columns=_label_kinds, edges=_labels)
def string_indexer(stage: Stage, x: Column, place: int) -> Column:
    labels = list(stage.labelsArray[place])
    index = _looked_up(stage, x.var, labels)
    keeps = stage.handleInvalid == "keep"
    if not keeps:
        index = require(stage.context, index, known(index, len(labels)))
    return Column(cast(index, np.float64), labels=([*labels, "__unknown"] if keeps else labels,))


def _looked_up(stage: Stage, x: Var, labels: Sequence[str]) -> Var:
    """int64 ``[N, 1]``: each value's place among the labels, their number for one that isn't there."""
    if dtype_of(x).kind == "U":
        if stage.options.missing_string in labels:
            raise BadInput(
                f"{stage.options.missing_string!r} is a label, but also what stands for a missing text",
                remedy="Choose a text that occurs nowhere: --missing-string TEXT",
            )
        return categorical.coded(x, [Coding(np.array(labels, object), np.arange(len(labels)))], len(labels))
    if dtype_of(x).kind == "b":
        raise BadInput("Spark's StringIndexer takes text and numbers, no booleans")
    keys, places = java_text.read(labels, dtype_of(x))
    index = categorical.coded(x, [Coding(keys, places)], len(labels))
    if dtype_of(x).kind != "f":
        return index
    # -0.0 is another text than 0.0, but the same number.
    minus_zero = labels.index("-0.0") if "-0.0" in labels else len(labels)
    return op.where(elementwise.is_minus_zero(x), const(minus_zero, np.int64), index)


def known(index: Var, count: int) -> Var:
    """bool ``[N, 1]``: whether an index is below ``count``."""
    return op.less(index, const(count, dtype_of(index)))


@converts("pyspark.ml.feature.OneHotEncoderModel", edges=lambda stage: _sizes(stage))
def one_hot_encoder(stage: Stage, x: Var, place: int) -> Column:
    """Formula: OneHotEncoderModel.encoder; the indicator of invalid values is the last."""
    count, keeps = int(stage.categorySizes[place]), stage.handleInvalid == "keep"
    valid = op.and_(op.greater_or_equal(x, const(0.0)), op.less(x, const(float(count))))
    if not keeps:
        x = require(stage.context, x, valid)
    index = cast(op.where(valid, x, const(float(count))), np.int64)
    width = count + keeps - stage.dropLast
    dense = cast(op.equal(index, const(np.arange(width))), np.float64)
    if not is_long(width):
        return vector(dense)
    known = cast(op.less(index, const(width)), np.float64)
    return Column(dense, vector=True, terms=Terms(op.min([index, const(width - 1)]), known))


def _sizes(stage: Stage) -> Mapping[int, Any]:
    return {i: np.arange(size + 1.0) for i, size in enumerate(stage.categorySizes)}
