"""Vectors shifted and scaled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(len(stage.std)),)


@converts("pyspark.ml.feature.StandardScalerModel", columns=_as_fitted)
def standard_scaler(stage: Stage, x: Var) -> Var:
    """Formula: StandardScalerModel.getTransformFunc; what doesn't vary becomes 0."""
    if stage.withMean:
        x = x - stage.mean
    varies = stage.std != 0
    return x * np.where(varies, 1 / np.where(varies, stage.std, 1), 0) if stage.withStd else x
