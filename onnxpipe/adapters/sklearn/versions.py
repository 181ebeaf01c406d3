"""Which version of scikit-learn saved a stage, for formulas that changed from one to the next."""

from __future__ import annotations

from onnxpipe.core.plan import Stage


def saved_since(stage: Stage, *version: int) -> bool:
    """Whether a stage was saved by at least ``version`` (1, 8), or doesn't say which saved it."""
    parts = str(stage.get("_sklearn_version", "9999")).split(".")
    return tuple(int(part) for part in parts[: len(version)] if part.isdigit()) >= version
