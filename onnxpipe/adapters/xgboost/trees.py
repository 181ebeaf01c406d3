"""The trees of a saved booster as arrays, and what its parameters say.

Formats: src/gbm/gbtree_model.cc, src/tree/tree_model.cc and multi_target_tree_model.cc of XGBoost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.reading import reading
from onnxpipe.blocks import boosting, leaf_rows
from onnxpipe.blocks import trees as blocks
from onnxpipe.blocks.tree_node import LT, MEMBER
from onnxpipe.blocks.trees import Forest
from onnxpipe.core.ops import Var, cast, const
from onnxpipe.core.plan import Stage
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

_MOST = 2**24
"""Columns, classes and targets that a model may declare."""


class Trees(NamedTuple):
    """The trees of a booster: ``weights`` ``[leaves]`` or ``[leaves, targets]``, in node order.

    ``targets`` ``[leaves]`` is the score a leaf adds to, ``treatments`` how each node reads its column.
    """

    forest: Forest
    weights: Array
    targets: Array
    treatments: Array


def width(stage: Stage) -> int:
    """How many columns the booster was fitted on. Raises Unreadable for a number beyond reason."""
    return _count(stage, "num_feature", 0)


def groups(stage: Stage) -> int:
    """How many scores a row has: one per class or target."""
    return max(1, _count(stage, "num_class", 0), _count(stage, "num_target", 1))


def _count(stage: Stage, name: str, default: int) -> int:
    with reading("XGBoost model", stage.path, ""):
        count = int(stage.learner_model_param.get(name, default))
        if not 0 <= count <= _MOST:
            raise Unreadable(f"it declares {name} = {count}")
    return count


def base_score(stage: Stage) -> NDArray[np.float32]:
    """The first prediction of each score ``[groups]``, before the objective's link; one number before 3.1."""
    with reading("XGBoost model", stage.path, ""):
        values = np.ravel(json.loads(stage.learner_model_param["base_score"])).astype(np.float32)
        return np.array(np.broadcast_to(values, groups(stage)))


def names(stage: Stage) -> tuple[str, ...] | None:
    """The fitted column names, None for a plain matrix."""
    return tuple(map(str, stage.get("feature_names") or ())) or None


def rounds(stage: Stage) -> int | None:
    """The rounds up to the best one where training stopped early, None for all."""
    best = (stage.get("attributes") or {}).get("best_iteration")
    return None if best is None else int(best) + 1


def linear_weights(stage: Stage) -> NDArray[np.float32]:
    """The coefficients of a linear booster ``[columns + 1, groups]``, the intercepts last."""
    with reading("XGBoost model", stage.path, ""):
        values = _floats(stage.gradient_booster["model"]["weights"])
        return np.asarray(values.reshape(width(stage) + 1, groups(stage)))


def summed(stage: Stage, x: Var, start: Array, rounds: int | None = None) -> Var:
    """The sum of all trees (of the first rounds) on float32 ``x``, from ``start``: ``[N, groups]``.

    Rounded to float32 after every tree, as the library does; rows of leaves for several targets are
    summed in float64 and rounded once.
    """
    found = trees(stage, rounds)
    x, forest = boosting.treated(x, found.forest, found.treatments)
    if not len(forest.roots):
        return boosting.constant(x, start)
    if found.weights.ndim > 1:
        total = leaf_rows.summed_rows(x, forest, found.weights.astype(np.float64))
        return cast(total + const(start, np.float64), np.float32)
    started = boosting.starting(forest, found.weights, found.targets, start)
    return blocks.added(x, *started, len(start))


def trees(stage: Stage, rounds: int | None = None) -> Trees:
    """All trees, or those of the first rounds. Raises Unreadable where arrays contradict each other."""
    with reading("XGBoost model", stage.path, ""):
        model = tree_model(stage)
        count = _taken(stage, model, rounds)
        documents, targets = model["trees"][:count], _integers(model["tree_info"])[:count]
        weights = _weight_drop(stage, len(documents))
        if len(targets) != len(documents) or np.any((targets < 0) | (targets >= groups(stage))):
            raise Unreadable("its trees and their classes don't match")
        return _joined(stage, documents, targets, weights)


def is_linear(stage: Stage) -> bool:
    """Whether the booster is a linear model, without trees."""
    return str(stage.gradient_booster.get("name")) == "gblinear"


def tree_model(stage: Stage) -> Mapping[str, Any]:
    """The part of the document that holds the trees; dropout's stands one level deeper."""
    booster = stage.gradient_booster
    model: Mapping[str, Any] = booster.get("gbtree", booster)["model"]
    return model


def _weight_drop(stage: Stage, count: int) -> Array | None:
    """The factor of each tree under dropout, None where there is no dropout."""
    found = stage.gradient_booster.get("weight_drop")
    return None if found is None else _floats(found)[:count]


def _taken(stage: Stage, model: Mapping[str, Any], rounds: int | None) -> int:
    """How many trees the first rounds have; before 2.0 each had as many."""
    count = len(model["trees"])
    if rounds is None:
        return count
    starts = model.get("iteration_indptr")
    if starts is not None and len(starts):
        return int(starts[min(rounds, len(starts) - 1)])
    parallel = int(model["gbtree_model_param"].get("num_parallel_tree", 1))
    return min(count, rounds * groups(stage) * max(1, parallel))


def _integers(values: Any) -> NDArray[np.int64]:
    return np.asarray(values).astype(np.int64)


def _floats(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, None if isinstance(values, np.ndarray) else np.float64).astype(np.float32)


def _joined(
    stage: Stage, documents: Sequence[Mapping[str, Any]], targets: Array, drop: Array | None
) -> Trees:
    """The trees one after the other, their arrays concatenated."""
    sizes = np.array([len(tree["left_children"]) for tree in documents], np.int64)
    roots = np.cumsum([0, *sizes])[:-1]
    offset, size = np.repeat(roots, sizes), np.repeat(sizes, sizes)
    left, right = (_column(documents, name, sizes, _integers) for name in ("left_children", "right_children"))
    leaf = left == -1
    if np.any(~leaf & ((left < 0) | (left >= size) | (right < 0) | (right >= size))):
        raise Unreadable("a tree has a node whose child isn't there")
    condition = _column(documents, "split_conditions", sizes, _floats)
    by_category = _by_category(documents, sizes)
    default_left = _column(documents, "default_left", sizes, _integers) != 0
    left, right = np.where(leaf, -1, left + offset), right + offset
    feature = _column(documents, "split_indices", sizes, _integers)
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
    )
    boosting.sound(forest, width(stage))
    weights = _leaf_weights(documents, leaf, right - offset, condition, sizes)
    if weights.ndim > 1 and weights.shape[1] != groups(stage):
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


def _by_category(documents: Sequence[Mapping[str, Any]], sizes: Array) -> NDArray[np.bool_]:
    """Per node, whether it splits by category; before 1.3 none did."""
    if all("split_type" not in tree for tree in documents):
        return np.zeros(int(sizes.sum()), bool)
    return np.asarray(_column(documents, "split_type", sizes, _integers) == 1)


def _categories(documents: Sequence[Mapping[str, Any]]) -> Array:
    """The categories of all nodes that split by them, as the operator takes them."""
    values, lengths = [], []
    for tree in documents:
        nodes, starts, sizes = (
            _integers(tree[f"categories_{part}"]) for part in ("nodes", "segments", "sizes")
        )
        split = np.flatnonzero((_integers(tree["split_type"]) == 1) & (_integers(tree["left_children"]) >= 0))
        order = np.argsort(nodes)
        categories = _integers(tree["categories"])
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
    if len(rows) > 1 or max(rows) > _MOST:
        raise Unreadable("its trees have leaves of several lengths")
    found = []
    for tree, start, size in zip(documents, np.cumsum(sizes) - sizes, sizes, strict=True):
        own = leaf[start : start + size]
        place = number[start : start + size][own] if "leaf_weights" in tree else np.flatnonzero(own)
        if np.any(place < 0):
            raise Unreadable("a tree has a leaf without values")
        table = _floats(tree["leaf_weights" if "leaf_weights" in tree else "base_weights"])
        found.append(table.reshape(-1, *rows)[place])
    return np.concatenate(found)
