"""Steps of least angle regression: along the direction of equal angles, and without an atom that got to 0.

Formula: the second half of ``_lars_path_solver`` in sklearn/linear_model/_least_angle.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.blocks.elementwise import rounded
from onnxpipe.blocks.factors import active_sets as chosen
from onnxpipe.core.loops import iterated
from onnxpipe.core.ops import Var, any_of, cast, const, dtype_of, op

Array = NDArray[Any]

_TINY = np.finfo(np.float32).tiny


class Path(NamedTuple):
    """What a path is of: ``gram`` ``[k, k]`` of atoms of ``samples`` numbers, and where it ends.

    It ends at the correlation ``least`` (times ``samples``) or after ``limit`` steps. ``lasso``: an
    atom whose coefficient reaches 0 is let go; ``positive``: coefficients stay at 0 or above.
    """

    gram: Array
    samples: int
    limit: int
    least: float = 0.0
    lasso: bool = False
    positive: bool = False

    @property
    def size(self) -> int:
        """How many atoms can be chosen at once."""
        return max(1, min(self.limit, len(self.gram)))


class State(NamedTuple):
    """Where each row stands; ``before`` and ``level_before`` are the code and correlation one step back."""

    order: Var
    products: Var
    signs: Var
    inverse: Var
    code: Var
    before: Var
    level_before: Var
    held: Var
    steps: Var
    crossed: Var
    open: Var


class Best(NamedTuple):
    """The atom to come, by its place in the order: its product, that one's size, the path's level there."""

    place: Var
    product: Var
    size: Var
    level: Var


def moved(path: Path, state: State, best: Best) -> tuple[State, Var]:
    """One step along the direction of equal angles, to the next atom or to where one's coefficient is 0.

    And which coefficient that is, bool ``[B, m]``.
    """
    size, kind, like = path.size, path.gram.dtype, dtype_of(state.products)
    taken = op.less(chosen.positions(size), state.held)
    way = chosen.solved(state.inverse, state.signs)
    way = op.where(taken, way, const(0, kind))
    unit = const(1, kind) / op.sqrt(op.reduce_sum(way * state.signs, const([1])))
    way = way * unit
    pull = linear.affine(chosen.spread(way, state.order, state.held, len(path.gram)), path.gram)
    pull = rounded(op.gather_elements(pull, state.order, axis=1), np.finfo(like).precision)
    length = op.min([_to_next(path, state, best, unit, pull), best.size / unit])
    held = op.gather_elements(state.code, chosen.first(state.order, size), axis=1)
    zeros = op.neg(held) / (way + const(_TINY, kind))
    crossing = _least_positive(zeros, taken)
    crossed = op.less(crossing, length)
    length = op.where(crossed, crossing, length) if path.lasso else length
    flipped = op.and_(op.and_(op.equal(zeros, crossing), crossed), taken)
    code = chosen.spread(
        cast(held + length * way, dtype_of(state.code)), state.order, state.held, len(path.gram)
    )
    return state._replace(
        products=state.products - length * pull,
        signs=op.where(flipped, op.neg(state.signs), state.signs),
        code=code,
        before=state.code,
        level_before=best.level,
        steps=state.steps + const(1),
        crossed=crossed,
    ), flipped  # fmt: skip


def _to_next(path: Path, state: State, best: Best, unit: Var, pull: Var) -> Var:
    """How far it is until another atom's product is as large ``[B, 1]``."""
    free = op.greater_or_equal(chosen.positions(len(path.gram)), state.held)
    tiny = const(_TINY, dtype_of(pull))
    lengths = _least_positive((best.size - state.products) / (unit - pull + tiny), free)
    if path.positive:
        return lengths
    return op.min([lengths, _least_positive((best.size + state.products) / (unit + pull + tiny), free)])


def _least_positive(values: Var, among: Var) -> Var:
    """The least of those above 0 ``[B, 1]``, the dtype's largest number where there is none."""
    like = dtype_of(values)
    good = op.and_(among, op.greater(values, const(0, like)))
    return op.reduce_min(op.where(good, values, const(np.finfo(like).max, like)), const([1]))


class _Chosen(NamedTuple):
    """What changes in a state where an atom is let go."""

    order: Var
    products: Var
    signs: Var
    inverse: Var
    held: Var


def without_crossed(target: Var, path: Path, state: State, crossed: Var, flipped: Var) -> State:
    """The state without the atom that ``flipped`` ``[B, m]`` marks in each row that ``crossed`` marks.

    Most steps let none go, and then nothing is computed.
    """
    held = _Chosen(*(getattr(state, name) for name in _Chosen._fields))

    def once(_: Var, before: _Chosen) -> tuple[_Chosen, Var]:
        after = _let_go(target, path, state._replace(**before._asdict()), flipped)
        masks = [op.unsqueeze(crossed, const([2])) if x is before.inverse else crossed for x in before]
        changed = zip(masks, after, before, strict=True)
        return _Chosen(*(op.where(mask, new, old) for mask, new, old in changed)), const(True)

    return state._replace(**iterated(held, cast(any_of(crossed), np.int64), once)._asdict())


def _let_go(target: Var, path: Path, state: State, flipped: Var) -> _Chosen:
    """Every row without the atom that bool ``flipped`` marks.

    Those behind it move up, and its product is computed anew.
    """
    size, width = path.size, len(path.gram)
    place = op.arg_max(cast(flipped, np.int32), axis=1, keepdims=1)
    count = state.held - const(1)
    every = chosen.positions(width)
    inside = op.and_(op.greater_or_equal(every, place), op.less(every, count))
    source = op.where(op.equal(every, count), place, every + cast(inside, np.int64))
    order = op.gather_elements(state.order, source, axis=1)
    last = op.max([count, const(0)])
    atom = op.gather_elements(order, last, axis=1)
    fitted = op.gather_elements(linear.affine(state.code, path.gram), atom, axis=1)
    left = cast(op.gather_elements(target, atom, axis=1) - fitted, dtype_of(state.products))
    moved = chosen.first(source, size)
    return _Chosen(
        order=order,
        products=chosen.put(state.products, last, left),
        signs=op.gather_elements(state.signs, moved, axis=1),
        inverse=chosen.shrunk(state.inverse, place, moved),
        held=count,
    )
