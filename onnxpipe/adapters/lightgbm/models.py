"""Boosters on their own, as ``Booster.save_model``, ``dump_model`` and pickle leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onnxpipe.adapters.lightgbm import columns, objectives, scores
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check, Table


def rounds(stage: Stage) -> int | None:
    """The rounds up to the best one where training stopped early; None for all."""
    best = int(stage.get("best_iteration") or 0)
    return best if best > 0 else None


def _columns(stage: Stage) -> Sequence[str]:
    return columns.hints(stage, "float64")


def _edges(stage: Stage) -> Mapping[int, Any]:
    return columns.edges(stage, rounds(stage))


@converts("lightgbm.Booster", "lightgbm.basic.Booster", refuses=Check.NOTHING, columns=_columns, edges=_edges)
def booster(stage: Stage, x: Table) -> Answers:
    """``Booster.predict``, and with ``raw_score``."""
    return {name: scores.flat(value) for name, value in answers(stage, x, rounds(stage)).items()}


def answers(stage: Stage, x: Table, rounds: int | None) -> dict[str, Any]:
    """``predict`` and ``raw``, both float64 ``[N, k]``."""
    total = scores.raw(stage, columns.matrix(stage, x), rounds)
    return {"predict": objectives.predictions(stage, scores.averaged(stage, total, rounds)), "raw": total}
