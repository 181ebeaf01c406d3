"""What boosting libraries ask of trees beyond sums: a first value, categories, other rules for missing.

The operator sees columns as they are. Where a library reads a column otherwise (a category is its
whole part, zero counts as missing), the column is treated once, before all trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import elementwise, linear
from onnxpipe.blocks.categorical import Coding
from onnxpipe.blocks.categorical import coded as coding
from onnxpipe.blocks.forests.tree_node import LT
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.ops import (
    Var,
    batch_size,
    cast,
    concat,
    const,
    dtype_of,
    op,
    shape_of,
    shaped,
    take_columns,
)
from onnxpipe.core.table import Table
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

DEEPEST = 10_000
"""Levels that no trained tree has."""

AS_IS, ZERO_MISSING, FLOORED, TRUNCATED, WHOLE = range(5)
"""How a split reads its column: as it is, with zero as missing, or as the number of a category:
rounded down or towards zero, or whole if it is one at all, and counted from 1."""

ZERO = float(np.float32(1e-35))
"""Up to this far from 0, LightGBM takes a number for zero (``kZeroThreshold`` in meta.h)."""


def sound(forest: Forest, width: int) -> Forest:
    """The forest itself. Raises Unreadable where its arrays don't describe trees over ``width`` columns."""
    inner = ~forest.is_leaf
    children = np.concatenate([forest.left[inner], forest.right[inner]])
    if np.any(children >= len(forest.left)) or np.any(children < 0):
        raise Unreadable("a tree has a node whose child isn't there")
    if np.any(forest.feature[inner] < 0) or np.any(forest.feature[inner] >= width):
        raise Unreadable(f"a tree splits on a column that isn't among the {width}")
    _refuse_cycles(forest)
    return forest


def _refuse_cycles(forest: Forest) -> None:
    """Raise Unreadable where a node is reached twice: level by level, all trees at once."""
    front, total = forest.roots, len(forest.roots)
    reached = np.zeros(len(forest.left), bool)
    reached[front] = True
    for _ in range(DEEPEST):
        inner = front[forest.left[front] >= 0]
        if not len(inner):
            break
        front = np.concatenate([forest.left[inner], forest.right[inner]])
        reached[front] = True
        total += len(front)
        if total > len(reached):
            break
    else:
        raise Unreadable("a tree is deeper than any trained one")
    if np.count_nonzero(reached) != total:
        raise Unreadable("a tree has a node with two parents")


def starting(forest: Forest, weights: Array, targets: Array, start: Array) -> tuple[Forest, Array, Array]:
    """The forest, weights and targets of leaves with ``start`` ``[k]`` as the first trees' only leaves.

    So a sum of trees begins with it, as libraries do that round after every tree.
    """
    count = len(start)
    zeros = np.zeros(count, np.int64)
    more = Forest(
        feature=np.concatenate([zeros, forest.feature]),
        threshold=np.concatenate([zeros.astype(forest.threshold.dtype), forest.threshold]),
        left=np.concatenate([zeros - 1, np.where(forest.left < 0, -1, forest.left + count)]),
        right=np.concatenate([zeros - 1, forest.right + count]),
        roots=np.concatenate([np.arange(count), forest.roots + count]),
        nan_left=None if forest.nan_left is None else np.concatenate([zeros, forest.nan_left]),
        modes=None if forest.modes is None else np.concatenate([zeros + LT, forest.modes]),
        members=forest.members,
        cover=None if forest.cover is None else np.concatenate([zeros, forest.cover]),
    )
    return more, np.concatenate([start, weights]), np.concatenate([np.arange(count), targets])


def constant(x: Var, values: Array) -> Var:
    """``values`` ``[k]`` for every row of ``x``: ``[N, k]``."""
    sizes = op.concat([batch_size(x), const([len(values)])], axis=0)
    return shaped(op.expand(const(values), sizes), shape_of(x)[0], len(values))


def treated(x: Var, forest: Forest, treatments: Array) -> tuple[Var, Forest]:
    """``x`` ``[N, d]`` as the splits read it, and the forest over those columns.

    ``treatments`` say it per node. A column that is read in several ways stands there several times.
    """
    inner = ~forest.is_leaf
    pairs, which = np.unique(forest.feature[inner] * len(_TREATED) + treatments[inner], return_inverse=True)
    features, ways = np.divmod(pairs, len(_TREATED))
    if not np.any(ways):
        return x, forest
    if len(np.unique(features)) == len(features):
        per_column = np.zeros(int(shape_of(x)[1]), np.int64)
        per_column[features] = ways
        return _columnwise(x, per_column), forest
    numbered = forest.feature.copy()
    numbered[inner] = which
    return _columnwise(take_columns(x, features), ways), forest._replace(feature=numbered)


def _columnwise(x: Var, ways: Array) -> Var:
    """Each column of ``x`` treated in its way."""
    for way in np.unique(ways[ways != AS_IS]):
        made = _TREATED[int(way)](x)
        x = made if np.all(ways == way) else op.where(const(ways == way), made, x)
    return x


def _zero_missing(x: Var) -> Var:
    small = op.less_or_equal(op.abs(x), const(ZERO, dtype_of(x)))
    return op.where(small, const(np.nan, dtype_of(x)), x)


def _counted(whole: Var) -> Var:
    """Categories from 1 up: onnxruntime keeps a set of small positive numbers as one mask."""
    return whole + const(1, dtype_of(whole))


def _whole(x: Var) -> Var:
    """Numbers of categories counted, 0 for what is no whole number: onnxruntime's masks truncate."""
    return op.where(op.equal(op.floor(x), x), _counted(x), const(0, dtype_of(x)))


_TREATED: Mapping[int, Callable[[Var], Var]] = {
    AS_IS: lambda x: x,
    ZERO_MISSING: _zero_missing,
    FLOORED: lambda x: _counted(op.floor(x)),
    TRUNCATED: lambda x: _counted(elementwise.trunc(x)),
    WHOLE: _whole,
}


def members(categories: Array, sizes: Array) -> Array:
    """The sets of ``MEMBER`` nodes as the operator takes them, from categories and how many each has.

    A set of none gets a number that no category has: the operator wants a member.
    """
    filled = np.maximum(sizes, 1)
    ends = np.cumsum(filled + 1) - 1
    made = np.zeros(int(np.sum(filled + 1)))
    place = np.ones(len(made), bool)
    made[ends], place[ends] = np.nan, False
    empty = ends[sizes == 0] - 1
    made[empty], place[empty] = -1, False
    made[place] = categories + 1
    return made


def some_codes(forest: Forest) -> Array:
    """Categories that splits name, and numbers next to them that are none: fractions, negatives, unseen."""
    members = np.zeros(0) if forest.members is None else forest.members
    named = np.unique(members[~np.isnan(members)]) - 1
    codes: Array = np.unique([*named, *np.add(named, 0.5), *np.add(named, 1), -1, -0.5])
    return codes


def kind_of(categories: Array) -> str:
    """The dtype name of a column that holds such categories."""
    return (
        "string" if categories.dtype.kind == "O" else "int64" if categories.dtype.kind == "i" else "float64"
    )


def coded(x: Table, known: Mapping[int, Array], dtype: Any) -> Var:
    """The columns ``[N, d]`` with the codes of categories in place of them, NaN for any that isn't known."""
    parts = [
        _codes(column.matrix(), known[i], dtype) if i in known else column.matrix(dtype)
        for i, column in enumerate(x.columns())
    ]
    return concat(parts, 1)


def _codes(x: Var, categories: Array, dtype: Any) -> Var:
    code = cast(coding(x, [Coding(categories, np.arange(len(categories)))], -1), dtype)
    zero = const(0, dtype)
    return op.where(op.less(code, zero), const(np.nan, dtype), code)


def exp(x: Var) -> Var:
    """The exponential of float32 ``x`` as C's ``expf`` rounds it, which runtimes' own float32 ones miss."""
    return cast(op.exp(cast(x, np.float64)), np.float32)


def sigmoid(x: Var) -> Var:
    """``1 / (1 + exp(-x))`` of float32 ``x``, each step rounded; no exponent beyond 88.7."""
    return const(1, np.float32) / (exp(op.min([-x, const(88.7, np.float32)])) + const(1, np.float32))


def softmax(x: Var) -> Var:
    """Row-wise softmax of float32 ``x`` ``[N, k]``, the shares' total summed in float64."""
    shares = exp(linear.plus_column(x, op.reduce_max(x, const([1])), -1.0))
    return shares / cast(linear.row_sums(cast(shares, np.float64)), np.float32)
