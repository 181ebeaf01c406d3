"""The trees of a model as arrays. Format and rules: include/LightGBM/tree.h and src/io/tree.cpp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.reading import reading
from onnxpipe.blocks.forests import boosting
from onnxpipe.blocks.forests.tree_node import LEQ, MEMBER
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.plan import Stage
from onnxpipe.errors import Unreadable

Array = NDArray[Any]
Text = Mapping[str, str]

_MOST = 2**24
"""Columns and classes that a model may declare."""
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_ZERO = 1
"""The missing type, bits 2 and 3 of a node's decision type: 0 none, 1 zero, 2 NaN."""


class Trees(NamedTuple):
    """The trees of a model: ``weights`` ``[leaves]`` in node order, ``targets`` the score each adds to.

    ``treatments`` say how each node reads its column; ``documents`` are the trees' texts.
    """

    forest: Forest
    weights: Array
    targets: Array
    treatments: Array
    documents: Sequence[Text]


class _Sizes(NamedTuple):
    """Splits and leaves per tree, and where its nodes stand among all: splits first, then leaves."""

    splits: Array
    leaves: Array
    roots: Array
    split_at: Array


def width(stage: Stage) -> int:
    """How many columns the model was fitted on. Raises Unreadable for a number beyond reason."""
    count = int(stage.max_feature_idx) + 1
    if not 0 < count <= _MOST:
        raise Unreadable(f"it declares {count} columns", where=stage.path)
    return count


def per_round(stage: Stage) -> int:
    """How many trees a round has, which is how many scores a row has."""
    count = int(stage.num_tree_per_iteration)
    if not 0 < count <= _MOST:
        raise Unreadable(f"it declares {count} trees per iteration", where=stage.path)
    return count


def taken(stage: Stage, rounds: int | None) -> list[Text]:
    """The texts of all trees, or of those of the first rounds."""
    found: list[Text] = stage.trees
    return found if rounds is None else found[: rounds * per_round(stage)]


def trees(stage: Stage, rounds: int | None = None) -> Trees:
    """All trees, or those of the first rounds. Raises Unreadable where arrays contradict each other."""
    with reading("LightGBM model", stage.path, ""):
        documents = taken(stage, rounds)
        if len(documents) % per_round(stage):
            raise Unreadable("its last round isn't complete")
        sizes = _sizes(documents)
        forest, treatments = _forest(documents, sizes)
        boosting.sound(forest, width(stage))
        weights = numbers(documents, "leaf_value", sizes.leaves, float)
        tree = np.repeat(np.arange(len(documents)), sizes.leaves)
        return Trees(forest, weights, tree % per_round(stage), treatments, documents)


def numbers(documents: Sequence[Text], name: str, sizes: Array, kind: Any) -> Array:
    """One array of all trees. Raises Unreadable where it hasn't as many numbers as the trees need."""
    texts = [tree.get(name, "") for tree, size in zip(documents, sizes, strict=True) if size]
    found = np.array(" ".join(texts).split(), object).astype(np.float64 if kind is float else np.int64)
    if len(found) != int(sizes.sum()):
        raise Unreadable(f"its trees have {len(found)} numbers as {name} in place of {int(sizes.sum())}")
    return found


def _sizes(documents: Sequence[Text]) -> _Sizes:
    leaves = np.array([len(tree["leaf_value"].split()) for tree in documents], np.int64)
    if [int(tree["num_leaves"]) for tree in documents] != leaves.tolist() or np.any(leaves < 1):
        raise Unreadable("a tree hasn't as many leaves as it says")
    splits = leaves - 1
    roots = np.cumsum([0, *(splits + leaves)])[:-1]
    return _Sizes(splits, leaves, roots, _places(roots, splits))


def _places(starts: Array, counts: Array) -> Array:
    """``start``, ``start + 1``, ... for each start, as many as its count."""
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(starts, counts) + within)


def _forest(documents: Sequence[Text], sizes: _Sizes) -> tuple[Forest, Array]:
    """The nodes and how each reads its column."""
    splits = sizes.splits
    decision = numbers(documents, "decision_type", splits, int)
    threshold = numbers(documents, "threshold", splits, float)
    by_category = decision & _CATEGORICAL != 0
    missing, default_left = decision >> 2 & 3, decision & _DEFAULT_LEFT != 0
    nan_left = np.where(missing == 0, threshold >= 0, default_left) & ~by_category
    ways = np.where(missing == _ZERO, boosting.ZERO_MISSING, boosting.AS_IS)
    total = int((splits + sizes.leaves).sum())

    def placed(values: Array, otherwise: Any) -> Array:
        made = np.full(total, otherwise, values.dtype)
        made[sizes.split_at] = values
        return made

    forest = Forest(
        feature=placed(numbers(documents, "split_feature", splits, int), 0),
        threshold=placed(np.where(by_category, 0, _beyond_zero(threshold)), 0),
        left=placed(_child(numbers(documents, "left_child", splits, int), sizes), -1),
        right=placed(_child(numbers(documents, "right_child", splits, int), sizes), -1),
        roots=sizes.roots,
        nan_left=placed(nan_left, False),
        modes=placed(np.where(by_category, MEMBER, LEQ), LEQ) if by_category.any() else None,
        members=_members(documents, splits, by_category, threshold) if by_category.any() else None,
        cover=_cover(documents, sizes),
    )
    return forest, placed(np.where(by_category, boosting.TRUNCATED, ways), boosting.AS_IS)


def _cover(documents: Sequence[Text], sizes: _Sizes) -> Array | None:
    """How many rows came by each node, None where a tree doesn't say."""
    if not all({"internal_count", "leaf_count"} <= tree.keys() for tree in documents):
        return None
    total = int((sizes.splits + sizes.leaves).sum())
    leaf = np.ones(total, bool)
    leaf[sizes.split_at] = False
    made = np.zeros(total, np.int64)
    made[~leaf] = numbers(documents, "internal_count", sizes.splits, int)
    made[leaf] = numbers(documents, "leaf_count", sizes.leaves, int)
    return made


def _beyond_zero(threshold: Array) -> Array:
    """Thresholds that route as the library does, which takes numbers up to 1e-35 from 0 for 0 itself."""
    near = np.abs(threshold) <= boosting.ZERO
    left_of_all = np.nextafter(-boosting.ZERO, -np.inf)
    return np.where(near, np.where(threshold >= 0, boosting.ZERO, left_of_all), threshold)


def _child(child: Array, sizes: _Sizes) -> Array:
    """Places among all nodes: a tree's own number, or the complement of a leaf's."""
    splits, leaves, roots = (
        np.repeat(each, sizes.splits) for each in (sizes.splits, sizes.leaves, sizes.roots)
    )
    if np.any((child >= splits) | (~child >= leaves)):
        raise Unreadable("a tree has a node whose child isn't there")
    return np.where(child >= 0, roots + child, roots + splits + ~child)


def _members(documents: Sequence[Text], splits: Array, by_category: Array, threshold: Array) -> Array:
    """The categories of all nodes that split by them: bits of the words between a tree's boundaries."""
    counts = np.array([int(tree["num_cat"]) for tree in documents], np.int64)
    bounds = numbers(documents, "cat_boundaries", np.where(counts > 0, counts + 1, 0), int)
    first = np.cumsum(np.where(counts > 0, counts + 1, 0)) - np.where(counts > 0, counts + 1, 0)
    sizes = np.where(counts > 0, bounds[np.minimum(first + counts, len(bounds) - 1)], 0)
    words = numbers(documents, "cat_threshold", sizes, int)
    tree = np.repeat(np.arange(len(documents)), splits)[by_category]
    number = threshold[by_category].astype(np.int64)
    if np.any((number < 0) | (number >= counts[tree])):
        raise Unreadable("a tree has a split by categories that aren't there")
    start, stop = (bounds[first[tree] + number + end] for end in (0, 1))
    if np.any((start < 0) | (stop < start) | (stop > sizes[tree])):
        raise Unreadable("a tree's categories overlap or end beyond its own")
    offset = (np.cumsum(sizes) - sizes)[tree]
    return _bits(words[_places(offset + start, stop - start)], stop - start)


def _bits(words: Array, counts: Array) -> Array:
    """The categories in sets of ``counts`` words of 32 bits each, as the operator takes them."""
    if np.any((words < 0) | (words >= 2**32)):
        raise Unreadable("a set of categories isn't of 32 bits")
    bits = np.unpackbits(words.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    word, bit = np.nonzero(bits)
    owner = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(words)) - np.repeat(np.cumsum(counts) - counts, counts)
    return boosting.members(within[word] * 32 + bit, np.bincount(owner[word], minlength=len(counts)))
