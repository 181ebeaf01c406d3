"""Ensembles of decision trees: arrays of nodes in, sums over trees out.

The operator knows leaves of one number for one target each. What a leaf means beyond that (a row
of class shares, several outputs) is encoded here, always so that the sum is native's in float64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.forests.tree_node import Leaves, Splits, tree_ensemble
from onnxpipe.blocks.forests.turning import likelier_near
from onnxpipe.core.ops import Var, cast, dtype_of, shape_of

Array = NDArray[Any]


class Forest(NamedTuple):
    """The nodes of all trees, one after the other.

    ``left`` (values at most the threshold, or whatever ``modes`` says) and ``right`` are positions
    among all nodes, negative at leaves; ``nan_left`` tells where NaN goes, None for always right.
    ``modes`` and ``members`` are those of ``Splits``, ``members`` in node order. ``cover`` is how many
    rows came by each node in training, or their weight, None where that isn't known.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    roots: Array
    nan_left: Array | None = None
    modes: Array | None = None
    members: Array | None = None
    cover: Array | None = None

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

    def covers(self) -> Array | None:
        """The covers of the left and the right child of each interior node ``[2, interior nodes]``."""
        inner = ~self.is_leaf
        return None if self.cover is None else self.cover[np.stack([self.left[inner], self.right[inner]])]

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


def averaged(x: Var, forest: Forest, weights: Array) -> Var:
    """The mean over trees of the weight ``[leaves]`` of the leaf each row ends in: float64 ``[N, 1]``."""
    x, splits, stored = _laid_out(cast(x, np.float64), forest)
    targets = np.zeros(len(stored), np.int64)
    return tree_ensemble(x, splits, Leaves(targets, weights[stored].astype(np.float64), 1, averaged=True))


def added(
    x: Var, forest: Forest, weights: Array, targets: Array | None = None, count: int | None = None
) -> Var:
    """``summed`` in the precision of ``x``, rounded after every tree as they follow each other."""
    targets = np.zeros(len(weights), np.int64) if targets is None else targets
    return ensemble(x, forest, weights, targets, count)


def ensemble(x: Var, forest: Forest, weights: Array, targets: Array, count: int | None = None) -> Var:
    """The sum over trees of leaf weights, in the precision of ``x``: ``[N, count]``."""
    count = int(targets.max()) + 1 if count is None else count
    x, splits, stored = _laid_out(x, forest)
    return tree_ensemble(x, splits, Leaves(targets[stored], weights[stored].astype(dtype_of(x)), count))


def _laid_out(x: Var, forest: Forest) -> tuple[Var, Splits, Array]:
    """``x`` as the splits read it, the splits, and which leaf stands where leaves are stored."""
    forest = _grown(forest)
    splits, stored = _splits(forest, dtype_of(x))
    _refuse_outside(splits.features, shape_of(x)[1])
    x, splits = likelier_near(x, splits, forest.covers())
    return x, splits, stored


def _refuse_outside(features: Array, width: Any) -> None:
    """Raise IndexError where a split asks for a column that isn't there."""
    if isinstance(width, int) and len(features) and not 0 <= features.min() <= features.max() < width:
        raise IndexError(f"a tree splits on column {features.max()} of {width}")


def _splits(forest: Forest, dtype: np.dtype[Any]) -> tuple[Splits, Array]:
    """The interior nodes, numbered among themselves, and which leaf stands where leaves are stored.

    Every branch that ends has a leaf of its own: onnxruntime before 1.24 loses its way, without a
    word, where two branches share one.
    """
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
        cover=None if forest.cover is None else np.concatenate([forest.cover, zeros]),
    )


def rounded_down(threshold: Array) -> Array:
    """The largest float32 at most each float64: a float32 is at most either or neither."""
    with np.errstate(over="ignore"):
        single = threshold.astype(np.float32)
    above = single > threshold
    single[above] = np.nextafter(single[above], np.float32(-np.inf))
    return single
