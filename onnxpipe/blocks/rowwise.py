"""Functions of numpy that take a number beside the rows, or a whole row at once, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onnxpipe.core.ops import Var, cast, const, dtype_of, op


def _like(x: Var, value: float) -> Var:
    return const(value, dtype_of(x))


def _chosen(a: float, x: Var, better: Callable[[Var, Var], Var]) -> Var:
    """``x`` where it is better than the number ``a``, or NaN."""
    if np.isnan(a):
        return op.mul(x, _like(x, np.nan))
    return op.where(op.or_(op.isnan(x), better(x, _like(x, a))), x, _like(x, a))


def _extreme(found: Var, x: Var) -> Var:
    """The extremes ``[N, 1]`` of ``x``, NaN where one is in the row: onnxruntime 1.31 looks past it."""
    gaps = op.reduce_sum(cast(op.isnan(x), np.int64), const([1]))
    return op.where(op.greater(gaps, const(0)), _like(x, np.nan), found)


def _variance(x: Var) -> Var:
    """The mean square of what each number of a row is off their mean ``[N, 1]``."""
    apart = op.sub(x, op.reduce_mean(x, const([1])))
    return op.reduce_mean(op.mul(apart, apart), const([1]))


BINARY: Mapping[str, Callable[[Any, Var], Var]] = {
    "add": lambda a, x: op.add(_like(x, a), x),
    "divide": lambda a, x: op.div(_like(x, a), x),
    "equal": lambda a, x: op.equal(_like(x, a), x),
    "greater": lambda a, x: op.greater(_like(x, a), x),
    "greater_equal": lambda a, x: op.greater_or_equal(_like(x, a), x),
    "less": lambda a, x: op.less(_like(x, a), x),
    "less_equal": lambda a, x: op.less_or_equal(_like(x, a), x),
    "maximum": lambda a, x: _chosen(a, x, op.greater),
    "minimum": lambda a, x: _chosen(a, x, op.less),
    "multiply": lambda a, x: op.mul(_like(x, a), x),
    "power": lambda a, x: op.pow(_like(x, a), x),
    "subtract": lambda a, x: op.sub(_like(x, a), x),
}
"""Functions of a number and the rows, in this order."""
WITHIN_ROWS: Mapping[str, Callable[[Var], Var]] = {
    "max": lambda x: _extreme(op.reduce_max(x, const([1])), x),
    "mean": lambda x: op.reduce_mean(x, const([1])),
    "min": lambda x: _extreme(op.reduce_min(x, const([1])), x),
    "prod": lambda x: op.reduce_prod(x, const([1])),
    "std": lambda x: op.sqrt(_variance(x)),
    "sum": lambda x: op.reduce_sum(x, const([1])),
    "var": _variance,
}
"""What becomes of each row ``[N, d]``: ``[N, 1]``."""
