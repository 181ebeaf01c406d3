"""Sparse codes by coordinate descent: a lasso for every row, against one dictionary."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.loops import folded, iterated
from onnxpipe.core.ops import Var, any_of, const, dtype_of, filled, op

Array = NDArray[Any]


class Problem(NamedTuple):
    """``|x - w @ atoms|**2 / 2 + penalty * |w|_1`` for one row ``x``, perhaps over ``w >= 0``.

    ``gram`` is ``atoms @ atoms.T``; a row is done after ``limit`` sweeps, or once its duality gap is
    within ``tol`` of its squared length.
    """

    gram: Array
    penalty: float
    positive: bool
    limit: int
    tol: float = 1e-8


class _Rows(NamedTuple):
    """Codes, their products with the Gram matrix, and which rows and atoms are still looked at."""

    code: Var
    product: Var
    atoms: Var
    open: Var


class _Gap(NamedTuple):
    value: Var
    slope: Var
    scale: Var


def descended(target: Var, square: Var, problem: Problem) -> Var:
    """The codes ``[N, k]`` for ``target = x @ atoms.T`` ``[N, k]`` and ``square = |x|**2`` ``[N, 1]``.

    Formula: ``enet_coordinate_descent_gram`` in sklearn/linear_model/_cd_fast.pyx, with its stopping
    rule and its screening (Fercoq, Gramfort and Salmon, 2015).
    """
    nothing = target * const(0, dtype_of(target))
    tol = square * const(problem.tol, dtype_of(target))
    gap = _gap(nothing, nothing, target, square, problem)
    solved = op.and_(
        op.greater_or_equal(gap.value, const(0, dtype_of(tol))), op.less_or_equal(gap.value, tol)
    )
    used = op.and_(filled(target, True, 1), const(np.diag(problem.gram)[None] != 0))
    start = _screened(_Rows(nothing, nothing, used, op.not_(solved)), gap, problem)

    return _narrowed(start, target, square, problem)


_SWEEPS = 16
"""Sweeps before the rows that are done are set aside."""


def _narrowed(start: _Rows, target: Var, square: Var, problem: Problem) -> Var:
    """The codes after as many sweeps as each row needs; few rows need many, so the others are set aside."""

    def step(number: Var, state: _Rows) -> tuple[_Rows, Var]:
        places = op.transpose(op.non_zero(op.squeeze(state.open, const([1]))), perm=[1, 0])
        goal, length, *few = (op.gather_nd(each, places) for each in (target, square, *state))
        before = number * const(_SWEEPS)
        turn = partial(_turn, problem, goal, length, before)
        trips = op.min([const(_SWEEPS), const(problem.limit) - before])
        swept = iterated(_Rows(*few), trips, turn)
        after = _Rows(*(op.scatter_nd(old, places, new) for old, new in zip(state, swept, strict=True)))
        return after, any_of(after.open)

    return iterated(start, -(-problem.limit // _SWEEPS), step).code


def _turn(
    problem: Problem, goal: Var, length: Var, before: Var, count: Var, rows: _Rows
) -> tuple[_Rows, Var]:
    """The rows after one sweep, the gap looked at where they hardly moved; and whether any goes on."""
    like = dtype_of(goal)
    after = _swept(goal, rows, problem)
    moved, size = (op.reduce_max(op.abs(x), const([1])) for x in (after.code - rows.code, after.code))
    last = op.equal(count + before, const(problem.limit - 1))
    still = op.less_or_equal(moved / size, const(problem.tol, like))
    due = op.and_(rows.open, op.or_(op.or_(op.equal(size, const(0, like)), still), last))
    gap = _gap(after.code, after.product, goal, length, problem)
    done = op.and_(due, op.less_or_equal(gap.value, length * const(problem.tol, like)))
    open_ = op.and_(rows.open, op.not_(done))
    seen, screened = op.and_(due, open_), _screened(after, gap, problem)
    atoms = op.or_(op.and_(seen, screened.atoms), op.and_(op.not_(seen), after.atoms))
    code, product = (op.where(seen, new, old) for new, old in zip(screened[:2], after[:2], strict=True))
    return _Rows(code, product, atoms, open_), any_of(open_)


def _swept(target: Var, rows: _Rows, problem: Problem) -> _Rows:
    """One sweep over the atoms, in order."""
    like, count = dtype_of(target), len(problem.gram)
    penalty, zero = const(problem.penalty, like), const(0, like)
    columns = [op.transpose(x, perm=[1, 0]) for x in (target, rows.atoms)]
    diagonal = np.where(np.diag(problem.gram) == 0, 1, np.diag(problem.gram))
    tables = [const(problem.gram), const(diagonal), const(np.eye(count, dtype=bool)), const(np.arange(count))]

    def step(state: _Rows, goal: Var, used: Var, atom: Var, own: Var, unit: Var, place: Var) -> _Rows:
        here = op.unsqueeze(place, const([0]))
        old = op.gather(state.code, here, axis=1)
        rest = op.unsqueeze(goal, const([1])) - op.gather(state.product, here, axis=1) + old * own
        new = op.sign(rest) * op.max([op.abs(rest) - penalty, zero]) / own
        if problem.positive:
            new = op.where(op.less(rest, zero), zero, new)
        new = op.where(op.and_(state.open, op.unsqueeze(used, const([1]))), new, old)
        product = state.product + (new - old) * op.unsqueeze(atom, const([0]))
        return state._replace(code=op.where(unit, new, state.code), product=product)

    return folded(rows, [*columns, *tables], step)


def _gap(code: Var, product: Var, target: Var, square: Var, problem: Problem) -> _Gap:
    """The duality gap ``[N, 1]``: ``gap_enet_gram``, formulation A; without a penalty the squared slope."""
    like, row = dtype_of(target), const([1])
    slope = target - product
    if problem.penalty == 0:
        steep = op.reduce_sum(slope * slope, row)
        return _Gap(steep, slope, steep)
    explained = op.reduce_sum(code * target, row)
    left = square + op.reduce_sum(code * product, row) - const(2, like) * explained
    steepest = op.reduce_max(slope if problem.positive else op.abs(slope), row)
    penalty, half = const(problem.penalty, like), const(0.5, like)
    scale = op.where(op.greater(steepest, penalty), penalty / steepest, const(1, like))
    primal = half * left + penalty * op.reduce_sum(op.abs(code), row)
    dual = scale * (square - explained) - half * (scale * scale) * left
    return _Gap(primal - dual, slope, op.max([steepest, penalty]))


def _screened(rows: _Rows, gap: _Gap, problem: Problem) -> _Rows:
    """The rows without the atoms that the gap shows to be outside every best code."""
    if problem.penalty == 0:
        return rows
    like = dtype_of(gap.value)
    two, one = const(2, like), const(1, like)
    radius = op.sqrt(two * op.abs(gap.value)) / const(problem.penalty, like)
    lengths = np.sqrt(np.where(np.diag(problem.gram) == 0, 1, np.diag(problem.gram)))
    near = op.less_or_equal((one - op.abs(gap.slope / gap.scale)) / const(lengths), radius)
    atoms = op.and_(rows.atoms, near)
    dropped = op.where(atoms, const(0, like), rows.code)
    return _Rows(rows.code - dropped, rows.product - op.gemm(dropped, const(problem.gram)), atoms, rows.open)
