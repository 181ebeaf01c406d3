"""Trees whose leaves hold rows (class shares, several outputs): their sums and means over a forest.

The operator adds one number per leaf, so what a leaf holds is encoded here, in whichever way is
quickest for what it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear, numeric
from onnxpipe.blocks.forests.trees import Forest, averaged, ensemble, summed
from onnxpipe.core.ops import Var, cast, concat, const, op, shape_of
from onnxpipe.core.table import Check

Array = NDArray[Any]

_WATCHED = 256
"""Columns up to which a forest checks its own input."""
_EXACT_IN_SINGLE = 2**24
"""Integers below this are exact in float32."""
_TABULATED = 4096
"""Ways to end in the leaves of all trees at once, up to which their means are written down."""


def summed_rows(x: Var, forest: Forest, rows: Array) -> Var:
    """The sum over trees of the row of ``rows`` ``[leaves, m]`` of the leaf each row of ``x`` ends in.

    float64 ``[N, m]``; ``x`` is float32, as the trees compare it.
    """
    if rows.shape[1] == 1:
        return summed(x, forest, rows[:, 0])
    if are_votes(rows):
        return cast(_votes(x, forest, rows), np.float64)
    found = _looked_up(x, forest, rows, Check.NOTHING)
    return found if len(forest.roots) == 1 else numeric.summed_within(found)


def summed_in_order(x: Var, forest: Forest, rows: Array) -> Var:
    """``summed_rows`` in the precision of ``rows``, each tree's row added to the sum of those before it.

    So sums that tie there tie here, and those that are rounded after every tree are rounded so.
    """
    if rows.shape[1] == 1 or are_votes(rows):
        return cast(summed_rows(x, forest, rows), rows.dtype)
    found = _looked_up(x, forest, rows, Check.NOTHING)
    if len(forest.roots) == 1:
        return found
    return op.gather(op.cumsum(found, const(1)), const(-1), axis=1)


def mean_values(x: Var, forest: Forest, rows: Array) -> Var:
    """The mean over trees of those rows, whatever numbers they hold: float64 ``[N, m]``."""
    count = len(forest.roots)
    if rows.shape[1] == 1 and count > 1:
        return averaged(x, forest, rows[:, 0])
    total = summed_rows(x, forest, rows)
    return total if count == 1 else total / const(float(count))


def mean_rows(x: Var, forest: Forest, rows: Array, check: Check = Check.NOTHING) -> Var:
    """The mean over trees of those rows, float64 ``[N, m]``, refusing what ``check`` does.

    A check is one more tree (see ``can_watch``), which leads a refused row to where no table reaches.
    """
    if len(forest.roots) > 1 and _ways(forest, rows) <= _TABULATED:
        return _tabulated(x, forest, rows, check)
    if are_votes(rows):
        return _vote_shares(x, forest, rows, check)
    if _are_pairs(forest, rows):
        return _shares_of_two(x, forest, rows[:, 1], check)
    found = _looked_up(x, forest, rows, check)
    if len(forest.roots) == 1:
        return found
    if numeric.sums_by_product(found):
        return op.div(numeric.summed_within(found), const(float(len(forest.roots))))
    return op.reduce_mean(found, const([1]), keepdims=0)


def _ways(forest: Forest, rows: Array) -> int:
    """How many choices of one distinct row of each tree's own there are, if not more than ``_TABULATED``."""
    count = 1
    for own in _by_tree(forest, rows):
        count *= len(distinct_rows(own)[0])
        if count > _TABULATED:
            break
    return count


def _by_tree(forest: Forest, rows: Array) -> list[Array]:
    """The rows ``[leaves, m]`` of each tree."""
    return np.split(rows, np.flatnonzero(np.diff(forest.tree_of_leaf)) + 1)


def _tabulated(x: Var, forest: Forest, rows: Array, check: Check) -> Var:
    """The means looked up as wholes: leaves add digits, each tree's of its own base, to the number of one.

    Trees are added one after the other, as native does. Any refused value has the number after the last.
    """
    table, digits = np.zeros((1, rows.shape[1])), []
    for own in _by_tree(forest, rows):
        distinct, which = distinct_rows(own)
        digits.append(which * len(table))
        table = (distinct[:, None] + table).reshape(-1, rows.shape[1])
    code = np.concatenate(digits)
    if check is not Check.NOTHING:
        forest, code = _watched(x, forest, check), np.append(code, [0, len(table)])
    found = ensemble(x, forest, code, np.zeros(len(code), np.int64), 1)
    return _row(table / np.float64(len(digits)), found)


def are_votes(rows: Array) -> bool:
    """Whether every leaf's row ``[leaves, m]`` is one 1 among zeros."""
    return bool(
        rows.shape[1] > 1 and np.array_equal(rows, rows.astype(bool)) and np.all(rows.sum(axis=1) == 1)
    )


def can_watch(x: Var) -> bool:
    """Whether ``x`` ``[N, d]`` is narrow enough to check with splits, two for each column of each row."""
    width = shape_of(x)[1]
    return isinstance(width, int) and width <= _WATCHED


def _vote_shares(x: Var, forest: Forest, rows: Array, check: Check) -> Var:
    """The share of trees whose leaf votes for each column ``[N, m]``.

    Any refused value has more votes than there are trees, and no share stands there in the table.
    """
    count = len(forest.roots)
    if check is not Check.NOTHING:
        verdicts = np.zeros((2, rows.shape[1]))
        verdicts[1, 0] = count + 1
        forest, rows = _watched(x, forest, check), np.concatenate([rows, verdicts])
    votes = cast(_votes(x, forest, rows), np.int32)
    return op.gather(const(np.arange(count + 1) / count), votes, axis=0)


def _are_pairs(forest: Forest, rows: Array) -> bool:
    """Whether every leaf shares 1 among two columns, in more trees than one.

    A lone tree's rows are looked up, so that two equal shares stay equal.
    """
    shares = np.all(np.abs(rows.sum(axis=1) - 1) < 4 * np.finfo(np.float64).eps)
    return bool(rows.shape[1] == 2 and len(forest.roots) > 1 and shares)


def _shares_of_two(x: Var, forest: Forest, second: Array, check: Check) -> Var:
    """The mean shares of two classes ``[N, 2]`` from the second one's ``[leaves]``; the first has the rest.

    One number per leaf is summed, as quick as trees get. The rest of the sum is what native adds up,
    to a few roundings of the whole.
    """
    count = len(forest.roots)
    total = const(float(count))
    if check is not Check.NOTHING:
        forest, second = _watched(x, forest, check), np.append(second, [0, count + 1])
    found = summed(x, forest, second)
    if check is not Check.NOTHING:
        total = op.gather(const(np.full(count + 1, float(count))), cast(found, np.int32), axis=0)
    return op.div(concat([op.sub(total, found), found], 1), total)


def _watched(x: Var, forest: Forest, check: Check) -> Forest:
    return _with_tree(forest, _watcher(int(shape_of(x)[1]), check))


def _watcher(width: int, check: Check) -> Forest:
    """A tree that leads a row through two splits a column to its first leaf, or aside to its last.

    Aside go values above the largest or below the least finite float32, and NaN unless allowed.
    """
    count = 2 * width
    lower = np.arange(count) % 2 == 1
    ahead, aside = np.r_[np.arange(1, count), count], np.full(count, count + 1)
    largest = np.finfo(np.float32).max
    padding = np.zeros(2)
    return Forest(
        feature=np.r_[np.arange(count) // 2, padding].astype(np.int64),
        # "Above all infinities" is the lower split's right side.
        threshold=np.r_[np.where(lower, -np.inf, largest), padding],
        left=np.r_[np.where(lower, aside, ahead), -1, -1],
        right=np.r_[np.where(lower, ahead, aside), -1, -1],
        roots=np.zeros(1, np.int64),
        nan_left=np.r_[~lower & (check is Check.INFINITE), False, False],
    )


def _with_tree(forest: Forest, tree: Forest) -> Forest:
    """A forest with one tree more."""
    offset = len(forest.left)
    nan_left = np.zeros(offset, bool) if forest.nan_left is None else forest.nan_left
    return Forest(
        feature=np.concatenate([forest.feature, tree.feature]),
        threshold=np.concatenate([forest.threshold, tree.threshold]),
        left=np.concatenate([forest.left, np.where(tree.left < 0, -1, tree.left + offset)]),
        right=np.concatenate([forest.right, np.where(tree.right < 0, -1, tree.right + offset)]),
        roots=np.concatenate([forest.roots, tree.roots + offset]),
        nan_left=np.concatenate([nan_left, tree.nan_left if tree.nan_left is not None else []]),
        # Nothing is known of the new one, and nothing to be gained from it.
        cover=None if forest.cover is None else np.concatenate([forest.cover, np.zeros(len(tree.left))]),
    )


def _votes(x: Var, forest: Forest, rows: Array) -> Var:
    """Leaves add their votes to columns. Whole numbers: exact in the precision of ``x``."""
    return ensemble(x, forest, rows.max(axis=1), np.argmax(rows, axis=1), rows.shape[1])


def _looked_up(x: Var, forest: Forest, rows: Array, check: Check) -> Var:
    """The rows ``[N, trees, m]``, of a lone tree ``[N, m]``: each tree answers, as its own target, which
    distinct one its leaf holds.
    """
    table, which = distinct_rows(rows)
    targets, count = forest.tree_of_leaf, len(forest.roots)
    if check is not Check.NOTHING:
        forest = _watched(x, forest, check)
        targets, which = np.append(targets, [0, 0]), np.append(which, [0, len(table)])
    x = x if 2 * len(table) < _EXACT_IN_SINGLE else cast(x, np.float64)
    found = ensemble(x, forest, which, targets, count)
    if count == 1:
        return _row(table, found)
    return op.gather(const(table), cast(found, np.int32), axis=0)


def _row(table: Array, number: Var) -> Var:
    """The rows of ``table`` ``[n, m]`` that whole numbers ``[N, 1]`` name, ``[N, m]``, refusing others."""
    return op.gather(const(table), cast(linear.column(number), np.int64), axis=0)


def distinct_rows(rows: Array) -> tuple[Array, Array]:
    """The distinct rows of ``[n, m]`` and, per row, which of them it is ``[n]``.

    Column by column: much faster than sorting rows as wholes.
    """
    code = np.zeros(len(rows), np.int64)
    for column in rows.T:
        values, which = np.unique(column, return_inverse=True)
        _, first, code = np.unique(code * len(values) + which, return_index=True, return_inverse=True)
    return rows[first], code
