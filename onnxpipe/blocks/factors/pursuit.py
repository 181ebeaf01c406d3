"""Sparse codes by orthogonal matching pursuit."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.blocks.factors import active_sets as chosen
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, any_of, cast, const, dtype_of, filled, op

Array = NDArray[Any]


class _Pursuit(NamedTuple):
    """Where each row stands: atoms in order, the residual's products with them, the factor, the code."""

    order: Var
    products: Var
    inverse: Var
    code: Var
    open: Var


def pursued(target: Var, gram: Array, limit: int) -> Var:
    """Codes ``[B, k]`` of at most ``limit`` atoms for ``target = x @ atoms.T``, in the dtype of ``gram``.

    Formula: ``_gram_omp`` in sklearn/linear_model/_omp.py: atoms are chosen by the largest product
    with the residual, of equals the first in the order that earlier choices left.
    """
    count, like, eps = len(gram), gram.dtype, np.finfo(gram.dtype).eps
    table, diagonal = const(gram), const(np.diag(gram))

    def step(done: Var, state: _Pursuit) -> tuple[_Pursuit, Var]:
        active = op.reshape(done, const([1, 1]))
        place = op.arg_max(op.abs(state.products), axis=1, keepdims=1)
        best = op.gather_elements(state.products, place, axis=1)
        again = op.or_(op.less(place, active), op.less(best * best, const(eps, dtype_of(best))))
        atom = op.gather_elements(state.order, place, axis=1)
        flat = op.squeeze(atom, const([1]))
        near = op.gather_elements(op.gather(table, flat, axis=0), chosen.first(state.order, limit), axis=1)
        own = op.gather(diagonal, atom, axis=0)
        made = chosen.grown(state.inverse, near, own, active, 0.0)
        dependent = op.and_(op.greater(active, const(0)), op.less_or_equal(made.pivot, const(eps, like)))
        going = op.and_(state.open, op.not_(op.or_(again, dependent)))
        here = op.expand(active, op.shape(place))
        order = chosen.swapped(state.order, here, place)
        goal = op.gather_elements(target, order, axis=1)
        inverse = chosen.extended(state.inverse, made.row, active, going)
        gamma = chosen.solved(inverse, chosen.first(goal, limit))
        code = chosen.spread(gamma, order, active + const(1), count)
        rest = goal - op.gather_elements(linear.affine(code, gram), order, axis=1)
        changed = zip((order, rest, code), (state.order, state.products, state.code), strict=True)
        order, rest, code = (op.where(going, new, old) for new, old in changed)
        return _Pursuit(order, rest, inverse, code, going), any_of(going)

    start = op.expand(chosen.positions(count), op.shape(target))
    inverse = chosen.empty(target, limit, like)
    code = cast(target * const(0, dtype_of(target)), like)
    state = _Pursuit(start, target, inverse, code, filled(target, True, 1))
    return iterated(state, limit, step).code
