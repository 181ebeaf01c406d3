"""Columns put together to vectors."""

from __future__ import annotations

from collections.abc import Sequence

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import numeric
from onnxpipe.core.apply import require
from onnxpipe.core.frame import Column, Columns
from onnxpipe.core.ops import concat, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _either(stage: Stage) -> Sequence[str]:
    return (kinds.NUMBER_OR_VECTOR,) * len(stage.inputCols)


@converts("pyspark.ml.feature.VectorAssembler", columns=_either)
def vector_assembler(stage: Stage, xs: Columns) -> Column:
    """Formula: VectorAssembler.assemble, which looks for NaN in numbers only, not inside vectors."""
    x = concat([numbers(column) for column in xs], 1)
    plain = [numbers(column) for column in xs if not column.vector and dtype_of(column.var).kind == "f"]
    if stage.handleInvalid != "keep" and plain:
        x = require(stage.context, x, numeric.none_of(op.isnan(concat(plain, 1))))
    return Column(x, vector=True, labels=_labels(xs))


def _labels(xs: Columns) -> Sequence[Sequence[str]]:
    """What the elements are indices of: a vector keeps what Spark calls its attributes."""
    if not any(column.labels for column in xs):
        return ()
    return [texts for column in xs for texts in (column.labels or [()] * column.width)]
