"""Weights of fitted non-negative components by coordinate descent, found for all rows together.

Formula: sklearn/decomposition/_nmf.py, with the components held fixed. The stopping rule looks at the
whole batch there, and so it does here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.loops import folded, iterated
from onnxpipe.core.ops import Var, const, dtype_of, filled, op

Array = NDArray[Any]


class Penalty(NamedTuple):
    """What the weights' sum and their sum of squares cost."""

    l1: float = 0.0
    l2: float = 0.0


class Stop(NamedTuple):
    """After ``limit`` rounds, or by a rule of the solver's own with ``tol``; 0 never stops early."""

    limit: int
    tol: float


class _Sweep(NamedTuple):
    weights: Var
    violation: Var


def descended(x: Var, parts: Array, penalty: Penalty, stop: Stop, orders: Array | None = None) -> Var:
    """Weights ``[N, k]`` of ``parts`` ``[k, d]`` by coordinate descent, in the one dtype of rows and parts.

    ``orders`` ``[limit, k]`` say in which order each round takes the parts. Ends once the gradient that
    is left is within ``tol`` of the first round's: ``_fit_coordinate_descent``.
    """
    like, count = dtype_of(x), len(parts)
    gram = parts @ parts.T
    gram.flat[:: count + 1] += penalty.l2
    goal = op.transpose(op.gemm(x, const(np.ascontiguousarray(parts.T))), perm=[1, 0])
    goal = goal - const(penalty.l1, like) if penalty.l1 else goal
    tables = [goal, const(gram), const(np.diag(gram)), const(np.eye(count, dtype=bool))]
    start = filled(x, like.type(0), count)

    def step(number: Var, state: _Sweep) -> tuple[_Sweep, Var]:
        order = None if orders is None else op.gather(const(orders), number, axis=0)
        taken = [table if order is None else op.gather(table, order, axis=0) for table in tables]
        after = folded(_Sweep(state.weights, const(0, like)), taken, _descent(like))
        at_first = op.where(op.equal(number, const(0)), after.violation, state.violation)
        share = op.less_or_equal(after.violation / at_first, const(stop.tol, like))
        done = op.or_(op.equal(at_first, const(0, like)), share)
        return _Sweep(after.weights, at_first), op.not_(done)

    return iterated(_Sweep(start, const(0, like)), stop.limit, step).weights


def _descent(like: Any) -> Any:
    """One part's weights, for all rows: ``_update_cdnmf_fast`` in sklearn/decomposition/_cdnmf_fast.pyx."""
    zero, row = const(0, like), const([1])

    def step(state: _Sweep, goal: Var, products: Var, own: Var, unit: Var) -> _Sweep:
        slope = op.reduce_sum(state.weights * products, row) - op.unsqueeze(goal, row)
        old = op.reduce_sum(op.where(unit, state.weights, zero), row)
        pull = op.where(op.equal(old, zero), op.min([slope, zero]), slope)
        new = op.where(op.equal(own, zero), old, op.max([old - slope / own, zero]))
        weights = op.where(unit, new, state.weights)
        return _Sweep(weights, state.violation + op.reduce_sum(op.abs(pull), keepdims=0))

    return step
