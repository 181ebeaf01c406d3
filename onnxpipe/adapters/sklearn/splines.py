"""B-splines. Formulas: SplineTransformer in sklearn/preprocessing/_polynomial.py."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import splines
from onnxpipe.blocks.splines import Basis, Ends
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Check

Array = NDArray[Any]


def _refuses(stage: Stage) -> Check:
    """Native checks nothing where missing values become zeros (since 1.8)."""
    return Check.NOTHING if _zeros(stage) else Check.NONFINITE


def _zeros(stage: Stage) -> bool:
    return bool(stage.get("handle_missing", "error") == "zeros")


def _edges(stage: Stage) -> dict[int, Array]:
    """The knots; where native refuses what is beyond the outermost, those within."""
    knots, degree = _basis(stage)
    return dict(enumerate(knots[:, degree + 1 : -degree - 1] if stage.extrapolation == "error" else knots))


def _basis(stage: Stage) -> Basis:
    """The knots ``[d, m]`` of every feature, and the degree."""
    knots = [_knots(spline).astype(np.float64) for spline in stage.bsplines_]
    return Basis(np.stack(knots), int(stage.degree))


def _knots(spline: Record) -> Array:
    """The knots of a BSpline, kept as ``_t`` since scipy 1.15, and one object further in since 1.18."""
    inner = spline.state[0] if isinstance(spline.state, tuple) else spline
    return np.asarray(inner.get("_t", inner.get("t")))


@converts("sklearn.preprocessing.SplineTransformer", refuses=_refuses, edges=_edges)
def spline_transformer(stage: Stage, x: Var) -> Var:
    """The B-splines of every feature, side by side ``[N, d * splines]``; sparse ones are always float64."""
    wide, basis = cast(x, np.float64), _basis(stage)
    made = _extrapolated(stage, wide, basis)
    if _zeros(stage):
        made = op.where(op.isnan(op.unsqueeze(wide, const([2]))), const(0.0), made)
    width = (
        basis.knots.shape[1] - basis.degree - 1 - (basis.degree if stage.extrapolation == "periodic" else 0)
    )
    if not stage.include_bias:
        width -= 1
        made = op.slice(made, const([0]), const([width]), const([2]))
    flat = op.reshape(made, const([0, shape_of(x)[1] * width]))
    return cast(flat, np.float64 if stage.get("sparse_output", False) else dtype_of(x))


def _extrapolated(stage: Stage, x: Var, basis: Basis) -> Var:
    """All splines ``[N, d, splines]``, beyond the outermost knots as the option says."""
    how, values = stage.extrapolation, partial(splines.values, whole=not stage.get("sparse_output", False))
    if how == "periodic":
        nowhere = 0.0 if saved_since(stage, 1, 8) else np.nan
        return splines.wrapped(values(splines.within_period(x, basis, nowhere), basis), basis.degree)
    if how == "continue":
        return values(x, basis)
    if how == "error":
        made = values(refuse(stage.context, x, splines.outside(x, basis)), basis)
        return refuse(stage.context, made, op.isnan(made)) if basis.lost().any() else made
    inside = values(splines.held(x, basis), basis)
    if how == "linear":
        return splines.straightened(x, inside, basis, _linear_ends(basis))
    if basis.degree == 0:
        raise stage.unsupported("has steps that are constant beyond its knots, which native fails on")
    return splines.straightened(x, inside, basis, _flat_ends(basis)) if basis.lost().any() else inside


def _flat_ends(basis: Basis) -> Ends:
    """Where constants take over, for as many splines as the degree: the others are 0 there."""
    return Ends(basis.low, basis.high, np.full(len(basis.knots), basis.degree), flat=True)


def _linear_ends(basis: Basis) -> Ends:
    """Where lines take over, per feature, and how many splines go on as lines.

    Native (to 1.9) raises the degree it works with at each feature of a spline of degree 0 or 1
    until it is 2, and with it moves the place where the next features' lines begin.
    """
    degree, low, high, count = basis.degree, [], [], []
    for knots in basis.knots:
        low.append(knots[degree])
        high.append(knots[-degree - 1])
        degree += degree <= 1
        count.append(degree)
    return Ends(np.array(low), np.array(high), np.array(count))
