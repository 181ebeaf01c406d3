"""Columns put together to vectors."""

from __future__ import annotations

from collections.abc import Sequence

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import terms
from onnxpipe.core.frame import Column, Columns, Terms
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, concat, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _either(stage: Stage) -> Sequence[str]:
    return (kinds.NUMBER_OR_VECTOR,) * len(stage.inputCols)


@converts("pyspark.ml.feature.VectorAssembler", columns=_either)
def vector_assembler(stage: Stage, xs: Columns) -> Column:
    """Formula: VectorAssembler.assemble, which looks for NaN in numbers only, not inside vectors."""
    parts = [numbers(column) for column in xs]
    plain = [i for i, each in enumerate(xs) if not each.vector and dtype_of(each.var).kind == "f"]
    if stage.handleInvalid != "keep" and plain:
        missing = op.isnan(concat([parts[i] for i in plain], 1))
        parts[plain[0]] = refuse(stage.context, parts[plain[0]], missing)
    return Column(concat(parts, 1), vector=True, labels=_labels(xs), terms=_terms(xs, parts))


def _terms(xs: Columns, parts: Sequence[Var]) -> Terms | None:
    """The vectors as terms, where one that is put into them is long."""
    if not any(column.terms for column in xs):
        return None
    return terms.beside([(x, each.terms, each.width) for x, each in zip(parts, xs, strict=True)])


def _labels(xs: Columns) -> Sequence[Sequence[str]]:
    """What the elements are indices of: a vector keeps what Spark calls its attributes."""
    if not any(column.labels for column in xs):
        return ()
    return [texts for column in xs for texts in (column.labels or [()] * column.width)]
