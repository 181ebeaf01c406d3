"""Scalers. Formulas: sklearn/preprocessing/_data.py."""

from __future__ import annotations

from onnxpipe.blocks import numeric
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Check


@converts("sklearn.preprocessing.StandardScaler", refuses=Check.INFINITE, carries=True)
def standard_scaler(stage: Stage, x: Var) -> Var:
    """``(x - mean_) / scale_``."""
    return numeric.standardise(x, stage.mean_ if stage.with_mean else None, stage.scale_)
