"""Functions that the pipelines of tests call."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe import translates
from onnxpipe.core.ops import Var, take_columns
from onnxpipe.core.plan import Stage


def ratio(x: Any, above: int, below: int, offset: float = 1.0) -> Any:
    """One column over another."""
    return np.asarray(x)[:, [above]] / (np.asarray(x)[:, [below]] ** 2 + offset)


def untranslated(x: Any) -> Any:
    return x + 1


def gap(a: Any, b: Any, missing_values: Any = np.nan) -> float:
    """How far two rows are from one another."""
    return float(np.nansum(np.abs(a - b)))


def overlap(a: Any, b: Any, **kw_args: Any) -> float:
    """A kernel."""
    return float(np.dot(a, b))


@translates("tests.functions.ratio")
def translated_ratio(stage: Stage, x: Var, above: int, below: int, offset: float = 1.0) -> Var:
    low = take_columns(x, [below])
    return take_columns(x, [above]) / (low * low + offset)
