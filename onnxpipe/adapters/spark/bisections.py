"""The tree of centres that a bisecting k-means leaves behind, as arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.plan import Stage

Array = NDArray[Any]


class Bisections(NamedTuple):
    """Centres left and right of each split ``[splits, d]``, int32 labels of the leaves, and their ways.

    ``lefts`` and ``rights`` ``[splits, leaves]`` are 1 where the way to a leaf turns so.
    """

    left: Array
    right: Array
    labels: Array
    lefts: Array
    rights: Array
    width: int


def bisections(stage: Stage) -> Bisections:
    """The splits of a BisectingKMeansModel. Raises ValueError for children that form no tree.

    Formula: ClusteringTreeNode.predict in org/apache/spark/mllib/clustering/BisectingKMeans.scala; a
    node with one child passes all rows on to it.
    """
    held = stage.child("data", stage.data)
    data = held.data
    centres = {int(i): np.asarray(c) for i, c in zip(data["index"], data["center"], strict=True)}
    children = {int(i): [int(c) for c in cs] for i, cs in zip(data["index"], data["children"], strict=True)}
    splits: list[tuple[int, int]] = []
    leaves: list[tuple[int, list[tuple[int, int]]]] = []
    todo: list[tuple[int, list[tuple[int, int]]]] = [(int(held.rootId), [])]
    while todo:
        node, way = todo.pop()
        below = children.pop(node)
        if len(below) > 2:
            raise ValueError(f"node {node} has {len(below)} children")
        if not below:
            leaves.append((node, way))
        if len(below) == 2:
            splits.append((below[0], below[1]))
        for side, child in enumerate(below):
            todo.append((child, [*way, (len(splits) - 1, side)] if len(below) == 2 else way))
    return _arrays(centres, splits, leaves)


def _arrays(
    centres: dict[int, Array], splits: list[tuple[int, int]], leaves: list[tuple[int, list[tuple[int, int]]]]
) -> Bisections:
    turns = np.zeros((2, len(splits), len(leaves)))
    for place, (_, way) in enumerate(leaves):
        for split, side in way:
            turns[side, split, place] = 1
    width = len(next(iter(centres.values())))
    left, right = (np.array([centres[s[side]] for s in splits]).reshape(-1, width) for side in (0, 1))
    labels = np.array([node for node, _ in leaves], np.int32)
    return Bisections(left, right, labels, turns[0], turns[1], width)
