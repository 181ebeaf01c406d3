"""Isotonic regression. Formulas: sklearn/isotonic.py and numpy.interp, which it interpolates by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear, quantiles
from onnxpipe.core.guards import require
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, Answers, converts

Array = NDArray[Any]


def _edges(stage: Stage) -> Mapping[int, Array]:
    """The knots; not the outermost where native refuses what lies beyond them."""
    knots = np.asarray(stage.X_thresholds_)
    return {0: knots[1:-1] if stage.out_of_bounds == "raise" else knots}


@converts("sklearn.isotonic.IsotonicRegression", columns=lambda stage: (ANY,), edges=_edges)
def isotonic_regression(stage: Stage, x: Var) -> Answers:
    """The fitted steps and slopes at each value ``[N]``; both methods answer the same."""
    result = linear.column(interpolated([stage], x))
    if stage.out_of_bounds != "clip" and len(stage.X_thresholds_) > 1:
        result = _bounded(stage, linear.column(cast(x, dtype_of(result))), result)
    return {"predict": result, "transform": result}


def interpolated(stages: Sequence[Stage], x: Var) -> Var:
    """Each IsotonicRegression on its column of ``x`` ``[N, d]``, in the dtype they were fitted in.

    Values beyond the fitted ones are taken for the nearest of those.
    """
    dtype = np.asarray(stages[0].X_thresholds_).dtype
    knots = [np.asarray(stage.X_thresholds_, np.float64) for stage in stages]
    heights = [np.asarray(stage.y_thresholds_, np.float64) for stage in stages]
    return cast(quantiles.at_knots(cast(cast(x, dtype), np.float64), knots, heights), dtype)


def _bounded(stage: Stage, x: Var, result: Var) -> Var:
    """NaN for rows beyond the fitted range, or no answer to them."""
    low, high = (const(limit, dtype_of(x)) for limit in (stage.X_min_, stage.X_max_))
    inside = op.and_(op.greater_or_equal(x, low), op.less_or_equal(x, high))
    if stage.out_of_bounds == "raise":
        return require(stage.context, result, inside)
    return op.where(inside, result, const(np.nan, dtype_of(result)))
