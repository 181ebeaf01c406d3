"""Outliers by a robust covariance. Formulas: sklearn/covariance/_elliptic_envelope.py."""

from __future__ import annotations

import numpy as np

from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


@converts("sklearn.covariance.EllipticEnvelope", dtype=np.float64)
def elliptic_envelope(stage: Stage, x: Var) -> Answers:
    """Minus the squared Mahalanobis distance ``[N]``, and 1 where it is at least the offset, else -1."""
    stored = stage.get("precision_")
    precision = np.linalg.pinv(stage.covariance_, hermitian=True) if stored is None else np.asarray(stored)
    gap = x - stage.location_
    scores = op.neg(op.reduce_sum(op.matmul(gap, const(precision)) * gap, const([1]), keepdims=0))
    decision = scores - stage.offset_
    return {
        "predict": op.where(op.less(decision, const(0.0)), const(-1), const(1)),
        "decision_function": decision,
        "score_samples": scores,
    }
