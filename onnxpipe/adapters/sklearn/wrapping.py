"""Estimators that pass everything on to the one they hold."""

from __future__ import annotations

from onnxpipe.adapters.sklearn.delegation import check_of, columns_of, edges_of, inner
from onnxpipe.core.apply import apply
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Table


@converts(
    "sklearn.frozen.FrozenEstimator",
    refuses=lambda stage: check_of(stage, "estimator"),
    columns=columns_of("estimator"),
    edges=edges_of("estimator"),
)
def frozen_estimator(stage: Stage, x: Table) -> Answers:
    """What the frozen estimator answers."""
    return apply(inner(stage, "estimator"), x)
