"""Boosters on their own, as ``Booster.save_model`` and pickle leave them: src/learner.cc of XGBoost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onnxpipe.adapters.xgboost import columns, objectives, trees
from onnxpipe.core.guards import guarded
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check, Table


def _columns(stage: Stage) -> Sequence[str]:
    return columns.hints(stage, "float32")


def _edges(stage: Stage) -> Mapping[int, Any]:
    return columns.edges(stage, None)


def refused(stage: Stage) -> Check:
    """A linear booster takes its rows as a DMatrix, which refuses infinity."""
    return Check.INFINITE if trees.is_linear(stage) else Check.NOTHING


@converts("xgboost.Booster", "xgboost.core.Booster", refuses=refused, columns=_columns, edges=_edges)
def booster(stage: Stage, x: Table) -> Answers:
    """``Booster.predict`` with all rounds, and its margin before the objective's link."""
    read, given = columns.base_margin(stage, x)
    rows = guarded(stage.context, columns.matrix(stage, read), refused(stage))
    margin = objectives.margins(stage, rows, given=given)
    return {"predict": objectives.predictions(stage, margin), "margin": objectives.flat(margin)}
