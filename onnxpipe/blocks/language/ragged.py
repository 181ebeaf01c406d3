"""Arrays of each row's own length, padded on the right to one matrix."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnxpipe.core.ops import Var, batch_size, cast, const, op


class Ragged(NamedTuple):
    """Text ``[N, L]`` and how many elements of each row are real, int64 ``[N, 1]``; the rest is empty."""

    values: Var
    lengths: Var


def lengths(x: Var) -> Var:
    """int64 ``[N, 1]``: elements of each row of text ``x`` ``[N, L]`` up to the last that isn't empty."""
    size = op.slice(op.shape(x), const([1]), const([2]))
    places = op.range(const(1), op.add(op.squeeze(size), const(1)), const(1))
    held = op.mul(cast(op.not_(op.equal(x, const(""))), np.int64), places)
    # A row of no columns has no largest place; the added 0 stands for it.
    padded = op.pad(held, const([0, 0, 0, 1]))
    return op.reduce_max(padded, const([1]), keepdims=1)


def real(x: Ragged) -> Var:
    """bool ``[N, L]``: which elements are no padding."""
    width = op.squeeze(op.shape(x.values, start=1))
    return op.less(op.range(const(0), width, const(1)), x.lengths)


def trimmed(values: Var, lengths: Var) -> Ragged:
    """The first elements of each row of ``values`` ``[N, M]``, as many as the longest row has."""
    longest = op.reduce_max(op.concat([op.reshape(lengths, const([-1])), const([0])], axis=0), keepdims=1)
    cut = Ragged(op.slice(values, const([0]), longest, const([1])), lengths)
    return Ragged(op.where(real(cut), cut.values, const("")), lengths)


def kept(x: Ragged, wanted: Var) -> Ragged:
    """The real elements that are wanted (bool ``[N, L]``), moved together to the left."""
    taken = op.and_(real(x), wanted)
    rank = op.cumsum(cast(taken, np.int64), const(1))
    place = op.where(taken, op.sub(rank, const(1)), op.shape(x.values, start=1))
    blanks = op.expand(const(""), op.add(op.shape(x.values), const([0, 1])))
    moved = op.scatter_elements(blanks, place, x.values, axis=1)
    return trimmed(moved, op.reduce_sum(cast(taken, np.int64), const([1])))


def neighbours(x: Ragged, n: int, glue: str) -> Ragged:
    """Every ``n`` elements in a row joined by ``glue``; rows with fewer have none."""
    count = op.max([op.sub(x.lengths, const(n - 1)), const(0)])
    width = op.shape(x.values, start=1)
    blanks = op.expand(const(""), op.concat([batch_size(x.values), const([n - 1])], axis=0))
    full = op.concat([x.values, blanks], axis=1)
    made = x.values
    for i in range(1, n):
        after = op.slice(full, const([i]), op.add(width, const([i])), const([1]))
        made = op.string_concat(op.string_concat(made, const(glue)), after)
    return trimmed(made, count)
