"""Findings as plain data, as JSON has it."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.check.compare import Verdict
from onnxpipe.check.localise import StageFinding
from onnxpipe.check.ulps import ULPS


def verdict_told(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.output,
        "equal": verdict.equal,
        "rows": verdict.rows,
        "differing": verdict.differing,
        "ties": verdict.ties,
        "ppm": verdict.ppm,
        "upper95_ppm": 1e6 * verdict.upper95 if verdict.equal and verdict.rows else None,
        "worst": plain(verdict.worst),
        "worst_pair": None if verdict.worst_pair is None else [plain(v) for v in verdict.worst_pair],
        "failure": verdict.failure or None,
        "ulps": dict(zip([*map(str, ULPS), "more"], verdict.ulps, strict=False)),
    }


def stage_told(stage: StageFinding) -> dict[str, Any]:
    return {
        "path": stage.path,
        "kind": stage.kind,
        "status": stage.status,
        "worst": plain(stage.worst),
        "detail": stage.detail,
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: NaN and infinities as text, numpy scalars as Python's."""
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return value
