"""Graphs that refuse a row: what native refuses fails the session, or marks the row, as the user asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, alike, cast, const, dtype_of, op, shape_of
from onnxpipe.core.passes.carried import index_by_sum
from onnxpipe.core.plan import Context
from onnxpipe.core.table import Block, Check, Table
from onnxpipe.core.tallies import tally_of

_NARROW, _SHORT = 8, 4096
"""Columns above and up to which rows are checked by a product with as many zeros."""


def guarded(context: Context, x: Var, check: Check) -> Var:
    """``x`` ``[N, d]``, refusing rows that native refuses.

    ``on_invalid`` raise: the session fails if any value is refused; flag, nan: the row is marked.
    """
    if check is Check.NOTHING or dtype_of(x).kind != "f":
        return x
    if context.options.on_invalid != "raise":
        return refuse(context, x, op.isnan(x * _zero(x)) if check is Check.NONFINITE else op.isinf(x))
    return _noted(context, refusing(x, index_of_refused(x, check)))


def index_of_refused(x: Var, check: Check) -> Var:
    """An int64 scalar, 1 if any value of ``x`` ``[N, d]`` is refused, else 0."""
    if check is not Check.NONFINITE:
        return _any(op.isinf(x))
    summed = index_by_sum(x)
    return cast(op.isnan(op.reduce_sum(_nothing(x), keepdims=0)), np.int64) if summed is None else summed


def _nothing(x: Var) -> Var:
    """Zeros, among them a NaN if any ``x`` isn't finite.

    A product makes one number of each row, so nothing as large as ``x`` has to be stored: 2 to 3 times as
    quick on many rows in onnxruntime 1.31, where float32 is quicker as a row and float64 as a column.
    """
    width = shape_of(x)[-1]
    if len(shape_of(x)) != 2 or not isinstance(width, int) or not _NARROW < width <= _SHORT:
        return x * _zero(x)
    zeros = np.zeros((1, width), dtype_of(x))
    return op.gemm(const(zeros), x, transB=1) if zeros.dtype == np.float32 else op.gemm(x, const(zeros.T))


def paid(context: Context, table: Table) -> Table:
    """The same columns, with the checks made that earlier stages left to a later one."""
    return Table(tuple(_paid(context, block) for block in table.blocks))


def settled(context: Context, table: Table, check: Check) -> tuple[Table, Check]:
    """The columns, and the one check that is left to make of all: ``check`` or what they owe.

    Where some owe more than ``check`` and others might hold what theirs refuses, those are checked here.
    So is what stands beside counted words, which no check has to go through.
    """
    most = max(check, table.owes)
    if most and any(
        not block.risky and block.var is not None and tally_of(block.var) for block in table.blocks
    ):
        return Table(tuple(_checked(context, block, check) for block in table.blocks)), Check.NOTHING
    if most is check or all(block.owes is most or not block.risky for block in table.blocks):
        return table, most
    blocks = (_paid(context, block) if block.owes > check else block for block in table.blocks)
    return Table(tuple(blocks)), check


def _paid(context: Context, block: Block) -> Block:
    return _checked(context, block, Check.NOTHING) if block.owes else block


def _checked(context: Context, block: Block, check: Check) -> Block:
    """The block, ``check`` made of it or what it owes, where it may hold what that refuses."""
    most = max(check, block.owes)
    var = guarded(context, block.read(), most) if block.risky or block.owes else block.var
    finite = block.finite or most is Check.NONFINITE
    return replace(block, var=var, owes=Check.NOTHING, finite=finite)


def _any(flags: Var) -> Var:
    """An int64 scalar, 1 if any of the bool ``flags`` is true, else 0.

    Of all its reductions, onnxruntime finds the highest of bytes soonest.
    """
    return cast(op.reduce_max(cast(flags, np.uint8), keepdims=0), np.int64)


def refusing(x: Var, bad: Var) -> Var:
    """``x`` if the int64 scalar ``bad`` is 0; else the session fails.

    An out-of-range Gather is an error by the standard, which is how a graph can refuse. What is
    gathered is the shape that ``x`` is then given, its own: a Reshape copies nothing.
    """
    own = op.gather(const([[0] * len(shape_of(x))]), bad, axis=0)
    return alike(op.reshape(x, own), x)


def _zero(x: Var) -> Var:
    return const(0, dtype_of(x))


def refuse(context: Context, x: Var, bad: Var) -> Var:
    """``x``, refusing rows with anything true in the bool ``bad`` ``[N, ...]``, as ``guarded`` does."""
    if context.options.on_invalid != "raise":
        context.refused.append(_somewhere(bad))
        return x
    return _noted(context, unless(x, bad))


def require(context: Context, x: Var, valid: Var) -> Var:
    """``x``, refusing rows in which not all of the bool ``valid`` ``[N, ...]`` holds."""
    return refuse(context, x, op.not_(valid))


def unless(x: Var, bad: Var) -> Var:
    """``x`` unless anything of the bool ``bad`` is true: then the session fails."""
    return refusing(x, _any(bad))


def looked_up(context: Context, values: NDArray[Any], index: Var, *, from_end: bool = False) -> Var:
    """``values[index]`` for int64 ``index`` ``[N, ...]`` from 0 up, refusing rows with one past the end.

    ``from_end``: those below 0 count from the end, and rows with one past the start are refused too.
    Costs no check of its own where the session may fail: an out-of-range Gather does.
    """
    if context.options.on_invalid != "raise":
        first, last = const(-len(values) if from_end else 0, np.int64), const(len(values) - 1, np.int64)
        inside = op.max([op.min([index, last]), first])
        context.refused.append(_somewhere(op.not_(op.equal(index, inside))))
        index = inside
    return _noted(context, op.gather(const(values), index, axis=0))


def _somewhere(flags: Var) -> Var:
    """bool ``[N]``: the rows of ``flags`` ``[N, ...]`` in which something is true."""
    rest = shape_of(flags)[1:]
    axes = const(range(1, len(rest) + 1), np.int64)
    if all(size == 1 for size in rest):
        return op.squeeze(flags, axes) if rest else flags
    return cast(op.reduce_max(cast(flags, np.uint8), axes, keepdims=0), np.bool_)


def _noted(context: Context, x: Var) -> Var:
    context.refusing.append(x)
    return x
