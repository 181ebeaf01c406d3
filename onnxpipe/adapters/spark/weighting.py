"""Counts of terms weighted."""

from __future__ import annotations

from collections.abc import Sequence

from onnxpipe.adapters.spark import kinds
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.idf)),)


@converts("pyspark.ml.feature.IDFModel", columns=_fitted)
def idf(stage: Stage, x: Var) -> Var:
    """Formula: IDFModel.transform; terms of fewer documents than minDocFreq have the weight 0."""
    return op.mul(x, const(stage.idf))
