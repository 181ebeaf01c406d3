"""The atoms each row has chosen so far: their order, and the inverse of their Cholesky factor.

Where native solves with a factor ``L`` of the chosen atoms' Gram matrix, a graph, which has no
triangular solver, keeps ``L**-1``: it grows by a row per atom, and a solution is two products.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.loops import mapped, traced
from onnxpipe.core.ops import Tensor, Var, cast, const, dtype_of, filled, op, shape_of

Array = NDArray[Any]

_CELLS = 1 << 20
"""Numbers that the factors of one chunk of rows may hold."""


class Grown(NamedTuple):
    """What an atom adds to a factor: a row ``[B, m]``, and what its diagonal is made of, ``[B, 1]``."""

    row: Var
    pivot: Var


def in_chunks(x: Var, size: int, solve: Any) -> Var:
    """``solve`` ``[B, k] -> [B, k]`` for all rows of ``x`` ``[N, k]``, as many at a time as there's room for.

    ``size`` is that of a row's factor.
    """
    width, chunk = int(shape_of(x)[1]), max(1, min(256, _CELLS // size**2))
    rows = op.shape(x, start=0, end=1)
    chunks = op.div(rows + const([chunk - 1]), const([chunk]))
    chunks = op.max([chunks, const([1])])
    padding = chunks * const([chunk]) - rows
    padded = op.pad(x, op.concat([const([0, 0]), padding, const([0])], axis=0))
    solved = mapped(solve, op.reshape(padded, const([-1, chunk, width])))
    flat = op.slice(op.reshape(solved, const([-1, width])), const([0]), rows, const([0]))
    flat._var_info.type = Tensor(dtype_of(flat), shape_of(x))
    return flat


def positions(count: int) -> Var:
    """``[[0, 1, ..., count - 1]]``."""
    return const(np.arange(count)[None])


def swapped(values: Var, first: Var, second: Var) -> Var:
    """``values`` ``[B, k]`` with those at two places ``[B, 1]`` exchanged."""
    one, other = (op.gather_elements(values, place, axis=1) for place in (first, second))
    return put(put(values, first, other), second, one)


def put(values: Var, place: Var, value: Var) -> Var:
    """``values`` ``[B, k]`` with another value ``[B, 1]`` at a place ``[B, 1]``."""
    return op.scatter_elements(values, place, value, axis=1)


def empty(x: Var, size: int, like: Any) -> Var:
    """A factor ``[B, size, size]`` of no atoms, for as many rows as ``x`` has."""
    return filled(x, like.type(0), size, size)


def grown(inverse: Var, products: Var, own: Var, count: Var, least: float) -> Grown:
    """What an atom adds whose products with the ``count`` ``[B, 1]`` chosen ones are known.

    ``products`` ``[B, m]`` (what stands beyond ``count`` is ignored) and ``own`` ``[B, 1]``, its product
    with itself. The new diagonal is the root of the pivot's size, at least ``least``.
    """
    like, size = dtype_of(inverse), int(shape_of(inverse)[1])
    known = op.where(op.less(positions(size), count), products, const(0, like))
    below = times(inverse, known)
    pivot = own - op.reduce_sum(below * below, const([1]))
    diagonal = op.max([op.sqrt(op.abs(pivot)), const(least, like)])
    row = op.neg(times_left(below, inverse)) / diagonal
    return Grown(op.where(op.equal(positions(size), count), const(1, like) / diagonal, row), pivot)


def extended(inverse: Var, row: Var, count: Var, where: Var) -> Var:
    """The factor with a row in place ``count`` ``[B, 1]`` where bool ``where`` ``[B, 1]`` holds."""
    here = op.and_(op.equal(positions(int(shape_of(inverse)[1])), count), where)
    return op.where(op.unsqueeze(here, const([2])), op.unsqueeze(row, const([1])), inverse)


def shrunk(inverse: Var, place: Var, source: Var) -> Var:
    """The factor without the atom at ``place`` ``[B, 1]``; ``source`` ``[B, m]`` says where each was before.

    Plane rotations move what the rows below hold of it into the row that goes: the transpose of what
    ``cholesky_delete`` in sklearn/utils/arrayfuncs.pyx does to the factor itself.
    """
    like, size = dtype_of(inverse), int(shape_of(inverse)[1])
    unit = cast(op.equal(positions(size), place), like)

    def step(leaving: Var, row: Var, number: Var) -> tuple[Var, Var]:
        a, b = (op.reduce_sum(each * unit, const([1])) for each in (leaving, row))
        length = op.sqrt(a * a + b * b)
        below = op.less(place, number)
        rest = (leaving * a + row * b) / length
        here, zero = op.equal(place, number), const(0, like)
        kept = op.where(here, zero, op.where(below, (row * a - leaving * b) / length, row))
        return op.where(below, rest, op.where(here, row, leaving)), kept

    rows = op.transpose(inverse, perm=[1, 0, 2])
    turned = op.transpose(traced(unit, [rows, const(np.arange(size))], step), perm=[1, 0, 2])
    for axis in (1, 2):
        index = op.expand(op.unsqueeze(source, const([3 - axis])), op.shape(turned))
        turned = op.gather_elements(turned, index, axis=axis)
    return turned


def times(matrix: Var, vector: Var) -> Var:
    """``matrix @ vector`` ``[B, m]``, row by row."""
    return op.squeeze(op.matmul(matrix, op.unsqueeze(vector, const([2]))), const([2]))


def times_left(vector: Var, matrix: Var) -> Var:
    """``vector @ matrix`` ``[B, m]``, row by row."""
    return op.squeeze(op.matmul(op.unsqueeze(vector, const([1])), matrix), const([1]))


def solved(inverse: Var, right: Var) -> Var:
    """``(L @ L.T)**-1 @ right`` ``[B, m]``; what stands beyond the chosen atoms doesn't matter."""
    return times_left(times(inverse, cast(right, dtype_of(inverse))), inverse)


def spread(values: Var, order: Var, count: Var, width: int) -> Var:
    """``values`` ``[B, m]`` of the first ``count`` atoms in ``order``, where they belong: ``[B, width]``."""
    size = int(shape_of(values)[1])
    kept = op.where(op.less(positions(size), count), values, const(0, dtype_of(values)))
    return op.scatter_elements(
        filled(values, dtype_of(values).type(0), width), first(order, size), kept, axis=1
    )


def first(values: Var, size: int) -> Var:
    """The first ``size`` columns."""
    return op.slice(values, const([0]), const([size]), const([1]))
