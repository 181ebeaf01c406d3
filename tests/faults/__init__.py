"""Faults planted into correct models: each must be found, put down to its stage, and shrunk."""

from __future__ import annotations

from typing import Any

from tests.faults import boosters, sklearn
from tests.faults.planting import Fault, held, planted

PIPELINES = {**sklearn.PIPELINES, **boosters.PIPELINES}
"""How to make fitted pipelines and their rows, by name; other frameworks' are in modules of their own."""
FAULTS = [*sklearn.FAULTS, *boosters.FAULTS]


def fitted(name: str) -> tuple[Any, Any]:
    """A fitted pipeline and its rows."""
    made: tuple[Any, Any] = PIPELINES[name]()
    return made


def columns(rows: Any) -> Any:
    """Rows of a data frame as a sample by column; None for a matrix."""
    return {c: rows[c].to_numpy() for c in rows.columns} if hasattr(rows, "columns") else None


__all__ = ["FAULTS", "PIPELINES", "Fault", "columns", "fitted", "held", "planted"]
