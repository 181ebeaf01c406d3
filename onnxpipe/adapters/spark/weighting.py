"""Counts of terms weighted."""

from __future__ import annotations

from collections.abc import Sequence

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.core.frame import Column
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.idf)),)


@converts("pyspark.ml.feature.IDFModel", columns=_fitted)
def idf(stage: Stage, x: Column) -> Column:
    """Formula: IDFModel.transform; terms of fewer documents than minDocFreq have the weight 0."""
    return long_vectors.scaled(x, stage.idf)
