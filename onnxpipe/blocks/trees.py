"""Ensembles of decision trees: arrays of nodes in, sums over trees out.

The operator knows leaves of one number for one target each. What a leaf means beyond that (a row
of class shares, several outputs) is encoded here, always so that the sum is native's in float64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.tree_node import Leaves, Splits, tree_ensemble
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.table import Check

Array = NDArray[Any]

_WATCHED = 256
"""Columns up to which a forest checks its own input."""
_EXACT_IN_SINGLE = 2**24
"""Integers below this are exact in float32."""


class Forest(NamedTuple):
    """The nodes of all trees, one after the other.

    ``left`` (values at most the threshold, or whatever ``modes`` says) and ``right`` are positions
    among all nodes, negative at leaves; ``nan_left`` tells where NaN goes, None for always right.
    ``modes`` and ``members`` are those of ``Splits``, ``members`` in node order.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    roots: Array
    nan_left: Array | None = None
    modes: Array | None = None
    members: Array | None = None

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        return np.asarray(self.left < 0)

    @property
    def tree_of_leaf(self) -> Array:
        """The tree each leaf is in ``[leaves]``."""
        return np.searchsorted(self.roots, np.flatnonzero(self.is_leaf), side="right") - 1

    def checked(self) -> Forest:
        """The forest itself. Raises ValueError where its nodes don't form trees, children after parents.

        What runs a graph believes its trees: nodes in a circle would never end.
        """
        inner = np.flatnonzero(~self.is_leaf)
        children, parents = np.concatenate([self.left[inner], self.right[inner]]), np.tile(inner, 2)
        ends = np.append(self.roots[1:], len(self.left))
        last = ends[np.searchsorted(self.roots, parents, side="right") - 1]
        if np.any((children <= parents) | (children >= last)) or np.any(np.bincount(children) > 1):
            raise ValueError("the nodes of a tree don't form a tree")
        return self

    def edges(self) -> dict[int, Array]:
        """Per feature, its distinct thresholds: the values at which an answer may change."""
        inner = ~self.is_leaf
        feature, threshold = self.feature[inner], self.threshold[inner]
        return {int(f): np.unique(threshold[feature == f]) for f in np.unique(feature)}


def summed(
    x: Var, forest: Forest, weights: Array, targets: Array | None = None, count: int | None = None
) -> Var:
    """The sum over trees of the weight ``[leaves]`` of the leaf each row ends in: float64 ``[N, k]``.

    ``targets`` ``[leaves]`` says which of the ``k`` columns a leaf adds to (default: the only one),
    ``count`` how many columns there are (default: up to the last one that a leaf adds to).
    """
    return added(cast(x, np.float64), forest, weights, targets, count)


def added(
    x: Var, forest: Forest, weights: Array, targets: Array | None = None, count: int | None = None
) -> Var:
    """``summed`` in the precision of ``x``, rounded after every tree as they follow each other."""
    targets = np.zeros(len(weights), np.int64) if targets is None else targets
    return _ensemble(x, forest, weights, targets, count)


def summed_rows(x: Var, forest: Forest, rows: Array) -> Var:
    """The sum over trees of the row of ``rows`` ``[leaves, m]`` of the leaf each row of ``x`` ends in.

    float64 ``[N, m]``; ``x`` is float32, as the trees compare it.
    """
    if rows.shape[1] == 1:
        return summed(x, forest, rows[:, 0])
    if are_votes(rows):
        return cast(_votes(x, forest, rows), np.float64)
    return _looked_up(x, forest, rows)


def are_votes(rows: Array) -> bool:
    """Whether every leaf's row ``[leaves, m]`` is one 1 among zeros."""
    return bool(
        rows.shape[1] > 1 and np.array_equal(rows, rows.astype(bool)) and np.all(rows.sum(axis=1) == 1)
    )


def can_watch(x: Var) -> bool:
    """Whether ``x`` ``[N, d]`` is narrow enough to check with splits, two for each column of each row."""
    width = shape_of(x)[1]
    return isinstance(width, int) and width <= _WATCHED


def vote_shares(x: Var, forest: Forest, rows: Array, check: Check) -> Var:
    """The share of trees whose leaf votes for each column: float64 ``[N, m]``, refusing what ``check`` does.

    One more tree gives any refused value more votes than there are trees, and no share stands
    there in the table: the check costs no node.
    """
    count = len(forest.roots)
    if check is not Check.NOTHING:
        forest = _with_tree(forest, _watcher(int(shape_of(x)[1]), check))
        verdicts = np.zeros((2, rows.shape[1]))
        verdicts[1, 0] = count + 1
        rows = np.concatenate([rows, verdicts])
    votes = cast(_votes(x, forest, rows), np.int32)
    return op.gather(const(np.arange(count + 1) / count), votes, axis=0)


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
    )


def _votes(x: Var, forest: Forest, rows: Array) -> Var:
    """Leaves add their votes to columns. Whole numbers: exact in the precision of ``x``."""
    return _ensemble(x, forest, rows.max(axis=1), np.argmax(rows, axis=1), rows.shape[1])


def _looked_up(x: Var, forest: Forest, rows: Array) -> Var:
    """Each tree answers, as its own target, which distinct row its leaf holds; those rows are summed."""
    table, which = distinct_rows(rows)
    x = x if len(table) < _EXACT_IN_SINGLE else cast(x, np.float64)
    found = _ensemble(x, forest, which, forest.tree_of_leaf, len(forest.roots))
    return op.reduce_sum(op.gather(const(table), cast(found, np.int32)), const([1]), keepdims=0)


def _ensemble(x: Var, forest: Forest, weights: Array, targets: Array, count: int | None = None) -> Var:
    """The operator over the forest."""
    count = int(targets.max()) + 1 if count is None else count
    splits, stored = _splits(forest, dtype_of(x))
    _refuse_outside(splits.features, shape_of(x)[1])
    return tree_ensemble(x, splits, Leaves(targets[stored], weights[stored].astype(dtype_of(x)), count))


def _refuse_outside(features: Array, width: Any) -> None:
    """Raise IndexError where a split asks for a column that isn't there."""
    if isinstance(width, int) and len(features) and not 0 <= features.min() <= features.max() < width:
        raise IndexError(f"a tree splits on column {features.max()} of {width}")


def _splits(forest: Forest, dtype: np.dtype[Any]) -> tuple[Splits, Array]:
    """The interior nodes, numbered among themselves, and which leaf stands where leaves are stored.

    Every branch that ends has a leaf of its own: onnxruntime before 1.24 loses its way, without a
    word, where two branches share one.
    """
    forest = _grown(forest)
    leaf = forest.is_leaf
    left, right, threshold = forest.left[~leaf], forest.right[~leaf], forest.threshold[~leaf]
    nan_left = forest.nan_left[~leaf] if forest.nan_left is not None else np.zeros(0)
    number, place = np.cumsum(~leaf) - 1, np.cumsum(leaf) - 1
    ends, ended = leaf[left], leaf[right]
    true, false = number[left], number[right]
    true[ends] = np.arange(ends.sum())
    false[ended] = ends.sum() + np.arange(ended.sum())
    splits = Splits(
        features=forest.feature[~leaf],
        thresholds=rounded_down(threshold) if dtype == np.float32 else threshold.astype(dtype),
        true=true,
        false=false,
        true_is_leaf=ends,
        false_is_leaf=ended,
        roots=number[forest.roots],
        modes=None if forest.modes is None else forest.modes[~leaf],
        nan_true=nan_left if np.any(nan_left) else None,
        members=None if forest.members is None else forest.members.astype(dtype),
    )
    return splits, np.concatenate([place[left[ends]], place[right[ended]]])


def _grown(forest: Forest) -> Forest:
    """The forest with a split above each root that is a leaf, both its children that leaf.

    The operator's roots are splits, and this is the standard's way to write a lone leaf.
    """
    lone = forest.roots[forest.is_leaf[forest.roots]]
    if not len(lone):
        return forest
    more = np.arange(len(lone)) + len(forest.left)
    roots = forest.roots.copy()
    roots[forest.is_leaf[forest.roots]] = more
    zeros = np.zeros(len(lone), np.int64)
    return forest._replace(
        feature=np.concatenate([forest.feature, zeros]),
        threshold=np.concatenate([forest.threshold, zeros]),
        left=np.concatenate([forest.left, lone]),
        right=np.concatenate([forest.right, lone]),
        roots=roots,
        nan_left=None if forest.nan_left is None else np.concatenate([forest.nan_left, zeros]),
        # Trees of one mode throughout are walked faster.
        modes=None if forest.modes is None else np.concatenate([forest.modes, zeros + forest.modes.min()]),
    )


def rounded_down(threshold: Array) -> Array:
    """The largest float32 at most each float64: a float32 is at most either or neither."""
    with np.errstate(over="ignore"):
        single = threshold.astype(np.float32)
    above = single > threshold
    single[above] = np.nextafter(single[above], np.float32(-np.inf))
    return single


def distinct_rows(rows: Array) -> tuple[Array, Array]:
    """The distinct rows of ``[n, m]`` and, per row, which of them it is ``[n]``.

    Column by column: much faster than sorting rows as wholes.
    """
    code = np.zeros(len(rows), np.int64)
    for column in rows.T:
        values, which = np.unique(column, return_inverse=True)
        _, first, code = np.unique(code * len(values) + which, return_index=True, return_inverse=True)
    return rows[first], code
