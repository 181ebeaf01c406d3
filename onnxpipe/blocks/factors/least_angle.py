"""Sparse codes along the path of least angle regression, or of the lasso.

Formula: ``_lars_path_solver`` in sklearn/linear_model/_least_angle.py, given a Gram matrix. Correlations
stand in the order that swaps have left, as they do there, so that of equals the same one is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.factors import active_sets as chosen
from onnxpipe.blocks.factors import equal_angles
from onnxpipe.blocks.factors.equal_angles import Best, Path, State
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, any_of, cast, const, dtype_of, filled, op

Array = NDArray[Any]

_SLACK = np.finfo(np.float32).eps
_DEGENERATE = 1e-7
_EPSILON = float(np.finfo(np.float64).eps)


def followed(target: Var, path: Path) -> Var:
    """Codes ``[B, k]`` for ``target = x @ atoms.T`` ``[B, k]``, in its dtype."""

    def step(_: Var, state: State) -> tuple[State, Var]:
        after = _stepped(target, path, state)
        return after, any_of(after.open)

    # A round is a step, or finds one more degenerate atom between two steps.
    limit = (min(path.limit, 1 << 40) + 1) * (len(path.gram) + 1)
    return iterated(_start(target, path), limit, step).code


def _start(target: Var, path: Path) -> State:
    like, kind, width = dtype_of(target), path.gram.dtype, len(path.gram)
    nothing, count = filled(target, like.type(0), width), filled(target, np.int64(0), 1)
    return State(
        order=op.expand(chosen.positions(width), op.shape(target)),
        products=target,
        signs=filled(target, kind.type(0), path.size),
        inverse=chosen.empty(target, path.size, kind),
        code=nothing,
        before=nothing,
        level_before=filled(target, like.type(0), 1),
        held=count,
        steps=count,
        crossed=filled(target, False, 1),
        open=filled(target, True, 1),
    )


def _best(path: Path, state: State) -> Best:
    like, width = dtype_of(state.products), len(path.gram)
    sizes = state.products if path.positive else op.abs(state.products)
    free = op.greater_or_equal(chosen.positions(width), state.held)
    place = op.arg_max(op.where(free, sizes, const(-np.inf, like)), axis=1, keepdims=1)
    size = op.gather_elements(sizes, place, axis=1)
    size = op.where(op.less(state.held, const(width)), size, const(0, like))
    level = cast(size / const(path.samples, like), dtype_of(state.code))
    return Best(place, op.gather_elements(state.products, place, axis=1), size, level)


def _stepped(target: Var, path: Path, state: State) -> State:
    """One round for every open row: it ends, finds a degenerate atom, or takes a step."""
    best = _best(path, state)
    like = dtype_of(best.level)
    # native adds the slack in float32
    early = op.less_or_equal(best.level, const(float(np.float32(path.least) + _SLACK), like))
    spent = op.or_(
        op.greater_or_equal(state.steps, const(path.limit)),
        op.greater_or_equal(state.held, const(len(path.gram))),
    )
    running = op.and_(state.open, op.not_(op.or_(early, spent)))
    adding = op.and_(running, op.not_(state.crossed))
    added, degenerate = _added(path, state, best, adding)
    rising = op.and_(op.greater(state.steps, const(0)), op.less(state.level_before, best.level))
    going = op.and_(running, op.not_(degenerate))
    going = op.and_(going, op.not_(rising)) if path.lasso else going
    moved, flipped = equal_angles.moved(path, added, best)
    after = _either(going, moved, added)
    crossed = op.and_(going, moved.crossed)
    if path.lasso:
        after = equal_angles.without_crossed(target, path, after, crossed, flipped)
    final = op.where(op.and_(state.open, early), _interpolated(path, state, best), after.code)
    return after._replace(
        code=final,
        crossed=crossed,
        open=op.and_(running, op.or_(going, degenerate)),
    )


def _either(going: Var, new: State, old: State) -> State:
    """The new state of rows that go on; truths are left as they are."""
    names = [name for name in State._fields[:-2] if getattr(new, name) is not getattr(old, name)]
    return old._replace(**{name: op.where(going, getattr(new, name), getattr(old, name)) for name in names})


def _interpolated(path: Path, state: State, best: Best) -> Var:
    """The code where the path's level is exactly the least, between the last two; the last if it's there."""
    like = dtype_of(state.code)
    least = const(path.least, like)
    share = (state.level_before - least) / (state.level_before - best.level)
    off = op.greater(op.abs(best.level - least), const(_SLACK, like))
    inside = op.and_(off, op.greater(state.steps, const(0)))
    return op.where(inside, state.before + share * (state.code - state.before), state.code)


def _added(path: Path, state: State, best: Best, adding: Var) -> tuple[State, Var]:
    """The state with the best atom chosen where bool ``adding`` says so, and where that one is degenerate.

    A degenerate one is left out; that native then labels two products wrongly is followed.
    """
    kind, size = path.gram.dtype, path.size
    here = op.min([state.held, const(len(path.gram) - 1)])
    order, products = (chosen.swapped(x, here, best.place) for x in (state.order, state.products))
    atom = op.gather_elements(order, here, axis=1)
    near = op.gather_elements(
        op.gather(const(path.gram), op.squeeze(atom, const([1])), axis=0), chosen.first(order, size), axis=1
    )
    own = op.gather(const(np.diag(path.gram)), atom, axis=0)
    made = chosen.grown(state.inverse, near, own, state.held, _EPSILON)
    short = op.less(op.sqrt(op.abs(made.pivot)), const(_DEGENERATE, kind))
    degenerate = op.and_(adding, short)
    chosen_one = op.and_(adding, op.not_(short))
    zero = best.product * const(0, dtype_of(best.product))
    dropped = chosen.put(state.products, best.place, zero)
    sign = const(1, kind) if path.positive else cast(op.sign(best.product), kind)
    signs = op.where(op.equal(chosen.positions(size), state.held), sign, state.signs)
    return state._replace(
        order=op.where(adding, order, state.order),
        products=op.where(chosen_one, products, op.where(degenerate, dropped, state.products)),
        signs=op.where(chosen_one, signs, state.signs),
        inverse=chosen.extended(state.inverse, made.row, state.held, chosen_one),
        held=state.held + cast(chosen_one, np.int64),
    ), degenerate
