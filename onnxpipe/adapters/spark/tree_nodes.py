"""The saved nodes of Spark's trees as arrays that graphs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.values import Lists
from onnxpipe.blocks.forests import boosting, trees
from onnxpipe.blocks.forests.tree_node import LEQ, MEMBER
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.errors import Unreadable

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Trees:
    """The nodes of all trees, and their leaves' predictions ``[leaves]`` and counts ``[leaves, m]``."""

    forest: Forest
    prediction: Array
    stats: Array

    @property
    def count(self) -> int:
        """How many trees there are."""
        return len(self.forest.roots)

    def over(self, column: Column) -> tuple[Var, Trees]:
        """A column of vectors with categories as splits on them compare them, and the trees over that."""
        if column.terms is not None:
            return self._narrowed(column)
        return self._treated(numbers(column))

    def _narrowed(self, column: Column) -> tuple[Var, Trees]:
        """Of long vectors, the elements that trees split on alone."""
        inner = ~self.forest.is_leaf
        used, number = np.unique(self.forest.feature[inner], return_inverse=True)
        feature = np.zeros_like(self.forest.feature)
        feature[inner] = number
        read = used if len(used) else np.zeros(1, np.int64)
        return replace(self, forest=self.forest._replace(feature=feature))._treated(
            long_vectors.narrowed(column, read)
        )

    def _treated(self, x: Var) -> tuple[Var, Trees]:
        modes = self.forest.modes
        if modes is None:
            return x, self
        treatments = np.where(modes == MEMBER, boosting.WHOLE, boosting.AS_IS)
        x, forest = boosting.treated(x, self.forest, treatments)
        return x, replace(self, forest=forest)

    def leaf(self, x: Var) -> Var:
        """The number of the leaf in each tree, counted from the left: ``[N, trees]``."""
        tree = self.forest.tree_of_leaf
        number = np.arange(len(tree)) - np.searchsorted(tree, tree)
        return trees.ensemble(x, self.forest, number, tree, self.count)


def read(stage: Stage) -> Trees:
    """The trees in ``data``, nodes in pre-order. Raises Unreadable where they aren't whole.

    Formula: NodeData and EnsembleModelReadWrite in org/apache/spark/ml/tree/treeModels.scala.
    """
    nodes = stage.data.get("nodeData", stage.data)
    tree = np.asarray(stage.data.get("treeID", np.zeros(len(nodes["id"]), np.int64)))
    order = np.lexsort((nodes["id"], tree))
    roots = _roots(tree[order], nodes["id"][order], int(stage.get("numTrees", 1)))
    offset = np.repeat(roots, np.diff([*roots, len(order)]))
    left, right = nodes["leftChild"][order], nodes["rightChild"][order]
    plain = Forest(
        feature=nodes["split"]["featureIndex"][order].astype(np.int64),
        threshold=np.zeros(len(order)),
        left=np.where(left < 0, -1, left + offset),
        right=np.where(left < 0, -1, right + offset),
        roots=roots,
        # Since 3.0.
        cover=nodes["rawCount"][order] if "rawCount" in nodes else None,
    )
    ends = order[plain.is_leaf]
    forest = boosting.sound(_split(plain, nodes["split"], order), int(stage.numFeatures))
    return Trees(forest, nodes["prediction"][ends], _rectangle(nodes["impurityStats"])[ends])


def weights(stage: Stage) -> Array:
    """The weight of each tree, in the order of trees ``[trees]``."""
    table = stage.treesMetadata
    # Spark 4 saves the columns of this table without their names.
    number, weight = (table.get(name, table.get(plain)) for name, plain in _NAMES)
    return np.asarray(weight)[np.argsort(number)]


_NAMES = (("treeID", "_1"), ("weights", "_3"))


def _roots(tree: Array, ids: Array, count: int) -> Array:
    """Where each tree begins. Raises Unreadable unless nodes are numbered from 0 in every tree."""
    roots = np.flatnonzero(np.diff(tree, prepend=-1))
    place = np.arange(len(ids)) - np.repeat(roots, np.diff([*roots, len(ids)]))
    if len(roots) != count or not np.array_equal(ids, place):
        raise Unreadable("nodes of its trees are missing or there twice")
    return roots


def _rectangle(lists: Lists) -> Array:
    """Lists of one length as rows. Raises ValueError where they aren't."""
    return lists.values.reshape(len(lists), -1)


def _split(forest: Forest, split: Mapping[str, Any], order: Array) -> Forest:
    """The forest with its thresholds and sets of categories.

    Formula: ContinuousSplit and CategoricalSplit.shouldGoLeft in org/apache/spark/ml/tree/Split.scala.
    """
    values, categories = split["leftCategoriesOrThreshold"], split["numCategories"][order]
    inner = np.flatnonzero(~forest.is_leaf)
    named = inner[categories[inner] >= 0]
    numeric = inner[categories[inner] < 0]
    threshold = forest.threshold.copy()
    threshold[numeric] = values.values[values.offsets[order[numeric]]]
    forest = forest._replace(threshold=threshold)
    if not len(named):
        return forest
    sets = [_named(values[order[node]], int(categories[node])) for node in named]
    swapped = named[[right for _, right in sets]]
    left, right = forest.left.copy(), forest.right.copy()
    left[swapped], right[swapped] = forest.right[swapped], forest.left[swapped]
    modes = np.full(len(order), LEQ)
    modes[named] = MEMBER
    sizes = np.array([len(members) for members, _ in sets])
    members = boosting.members(np.concatenate([members for members, _ in sets]), sizes)
    return forest._replace(left=left, right=right, modes=modes, members=members)


def _named(left: Array, count: int) -> tuple[Array, bool]:
    """The smaller set of categories of a split, and whether it goes right: all others go the other way."""
    if len(left) <= count // 2:
        return left, False
    return np.setdiff1d(np.arange(float(count)), left), True


def edges(stage: Stage) -> Mapping[int, Array]:
    """The thresholds of numbers, and of categories some known ones and some that aren't."""
    return dict(_edges(read(stage).forest))


def _edges(forest: Forest) -> Iterator[tuple[int, Array]]:
    modes = np.zeros(len(forest.left)) if forest.modes is None else forest.modes
    for feature, thresholds in forest.edges().items():
        named = np.any(modes[(forest.feature == feature) & ~forest.is_leaf] == MEMBER)
        yield feature, boosting.some_codes(forest) if named else thresholds
