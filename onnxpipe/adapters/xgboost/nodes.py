"""The trees of a document as arrays.

Formats: src/tree/tree_model.cc and multi_target_tree_model.cc of XGBoost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.forests import boosting
from onnxpipe.blocks.forests.tree_node import LT, MEMBER
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

MOST = 2**24
"""Columns, classes and targets that a model may declare."""


class Trees(NamedTuple):
    """The trees of a booster: ``weights`` ``[leaves]`` or ``[leaves, targets]``, in node order.

    ``targets`` ``[leaves]`` is the score a leaf adds to, ``treatments`` how each node reads its column.
    """

    forest: Forest
    weights: Array
    targets: Array
    treatments: Array


def integers(values: Any) -> NDArray[np.int64]:
    return np.asarray(values).astype(np.int64)


def floats(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, None if isinstance(values, np.ndarray) else np.float64).astype(np.float32)


def joined(
    documents: Sequence[Mapping[str, Any]], targets: Array, drop: Array | None, width: int, groups: int
) -> Trees:
    """The trees one after the other, their arrays concatenated, over ``width`` columns for ``groups`` scores.

    ``targets`` ``[trees]`` is the score each adds to, ``drop`` the factor of each under dropout.
    Raises Unreadable where arrays contradict each other.
    """
    sizes = np.array([len(tree["left_children"]) for tree in documents], np.int64)
    roots = np.cumsum([0, *sizes])[:-1]
    offset, size = np.repeat(roots, sizes), np.repeat(sizes, sizes)
    left, right = (_column(documents, name, sizes, integers) for name in ("left_children", "right_children"))
    leaf = left == -1
    if np.any(~leaf & ((left < 0) | (left >= size) | (right < 0) | (right >= size))):
        raise Unreadable("a tree has a node whose child isn't there")
    condition = _column(documents, "split_conditions", sizes, floats)
    by_category = _by_category(documents, sizes)
    default_left = _column(documents, "default_left", sizes, integers) != 0
    left, right = np.where(leaf, -1, left + offset), right + offset
    feature = _column(documents, "split_indices", sizes, integers)
    forest = Forest(
        feature=np.where(leaf, 0, feature),
        threshold=np.where(leaf | by_category, np.float32(0), condition),
        # The operator's sets are of those that go left, the library's of those that go right.
        left=np.where(by_category & ~leaf, right, left),
        right=np.where(by_category & ~leaf, left, right),
        roots=roots,
        nan_left=default_left ^ by_category,
        modes=np.where(by_category & ~leaf, MEMBER, LT),
        members=_categories(documents) if by_category.any() else None,
        cover=_cover(documents, sizes),
    )
    boosting.sound(forest, width)
    weights = _leaf_weights(documents, leaf, right - offset, condition, sizes)
    if weights.ndim > 1 and weights.shape[1] != groups:
        raise Unreadable("its leaves have another length than a prediction")
    if drop is not None:
        weights = (weights.T * drop[forest.tree_of_leaf]).T
    ways = np.where(by_category, boosting.FLOORED, boosting.AS_IS)
    return Trees(forest, weights, targets[forest.tree_of_leaf], ways)


def _column(documents: Sequence[Mapping[str, Any]], name: str, sizes: Array, convert: Any) -> Any:
    """One array of all trees. Raises Unreadable where a tree's isn't as long as the tree."""
    parts = [convert(tree[name]) for tree in documents]
    if [len(part) for part in parts] != sizes.tolist():
        raise Unreadable(f"a tree's {name} has another length than the tree")
    return np.concatenate(parts) if parts else convert([])


def _cover(documents: Sequence[Mapping[str, Any]], sizes: Array) -> Array | None:
    """The weight of the rows that came by each node, None where a tree doesn't say."""
    found = [floats(tree.get("sum_hessian", ())) for tree in documents]
    known = [len(cover) for cover in found] == sizes.tolist()
    return np.concatenate(found) if known and found else None


def _by_category(documents: Sequence[Mapping[str, Any]], sizes: Array) -> NDArray[np.bool_]:
    """Per node, whether it splits by category; before 1.3 none did."""
    if all("split_type" not in tree for tree in documents):
        return np.zeros(int(sizes.sum()), bool)
    return np.asarray(_column(documents, "split_type", sizes, integers) == 1)


def _categories(documents: Sequence[Mapping[str, Any]]) -> Array:
    """The categories of all nodes that split by them, as the operator takes them."""
    values, lengths = [], []
    for tree in documents:
        nodes, starts, sizes = (
            integers(tree[f"categories_{part}"]) for part in ("nodes", "segments", "sizes")
        )
        split = np.flatnonzero((integers(tree["split_type"]) == 1) & (integers(tree["left_children"]) >= 0))
        order = np.argsort(nodes)
        categories = integers(tree["categories"])
        whole = np.array_equal(nodes[order], split) and len(starts) == len(sizes) == len(nodes)
        if not whole or np.any((sizes < 0) | (starts < 0) | (starts + sizes > len(categories))):
            raise Unreadable("a tree's categories don't match its splits")
        starts, sizes = starts[order], sizes[order]
        steps = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        values.append(categories[np.repeat(starts, sizes) + steps])
        lengths.append(sizes)
    return boosting.members(np.concatenate(values), np.concatenate(lengths))


def _leaf_weights(
    documents: Sequence[Mapping[str, Any]], leaf: Array, number: Array, condition: Array, sizes: Array
) -> Array:
    """What each leaf adds: one number in place of a threshold, or a row for several targets.

    Rows have a list of their own since 3.2, by the leaf's number; before that, one stands at each node.
    """
    rows = {int(tree["tree_param"].get("size_leaf_vector", 1) or 1) for tree in documents}
    if rows <= {0, 1}:
        return np.asarray(condition[leaf])
    if len(rows) > 1 or max(rows) > MOST:
        raise Unreadable("its trees have leaves of several lengths")
    found = []
    for tree, start, size in zip(documents, np.cumsum(sizes) - sizes, sizes, strict=True):
        own = leaf[start : start + size]
        place = number[start : start + size][own] if "leaf_weights" in tree else np.flatnonzero(own)
        if np.any(place < 0):
            raise Unreadable("a tree has a leaf without values")
        table = floats(tree["leaf_weights" if "leaf_weights" in tree else "base_weights"])
        found.append(table.reshape(-1, *rows)[place])
    return np.concatenate(found)
