"""The quantile transformer. Formulas: sklearn/preprocessing/_data.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import numeric, quantiles
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Check

Array = NDArray[Any]

_BOUND = 1e-7
"""How near to the ends of the fitted range counts as past them, for a normal output."""


def _edges(stage: Stage) -> Mapping[int, Any]:
    return {i: np.unique(column) for i, column in enumerate(stage.quantiles_.T)}


@converts("sklearn.preprocessing.QuantileTransformer", refuses=Check.INFINITE, edges=_edges)
def quantile_transformer(stage: Stage, x: Var) -> Var:
    """The quantile of each value among the fitted ones, or the normal value of that quantile."""
    wide, knots = cast(x, np.float64), np.asarray(stage.quantiles_, np.float64)
    share = quantiles.interpolated(wide, knots, np.asarray(stage.references_))
    normal = stage.output_distribution == "normal"
    low, high = _past_ends(x, knots, within=_BOUND if normal else None)
    share = op.where(low, const(0.0), op.where(high, const(1.0), share))
    if not normal:
        return numeric.inplace(x, share)
    least = _BOUND - np.spacing(1.0)
    share = numeric.clipped(cast(numeric.inplace(x, share), np.float64), least, 1 - least)
    return numeric.inplace(x, quantiles.normal_quantile(share))


def _past_ends(x: Var, knots: Array, *, within: float | None) -> tuple[Var, Var]:
    """bool ``[N, d]`` twice: at or past the lowest and the highest knot; ``x`` steps in its own dtype."""
    if within is None:
        return op.equal(*promote(x, knots[0])), op.equal(*promote(x, knots[-1]))
    step = const(within, dtype_of(x))
    return op.less(*promote(op.sub(x, step), knots[0])), op.greater(*promote(op.add(x, step), knots[-1]))
