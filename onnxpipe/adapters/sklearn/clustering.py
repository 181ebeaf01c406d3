"""Clusterings by their centres.

Formulas: sklearn/cluster/_kmeans.py, _k_means_lloyd.pyx, _bisect_k_means.py, _mean_shift.py,
_affinity_propagation.py and _birch.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import classes
from onnxpipe.blocks.points import distances
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.wild import beyond

Array = NDArray[Any]


@converts("sklearn.cluster.KMeans", "sklearn.cluster.MiniBatchKMeans")
def k_means(stage: Stage, x: Var) -> Answers:
    """The nearest centre, int32 ``[N]``, and the distances to all of them ``[N, k]``.

    Native's own predict refuses rows of another precision than it was fitted in; the graph
    computes in the wider one.
    """
    centers = stage.cluster_centers_
    labels = np.arange(len(centers), dtype=np.int32)
    return {
        "predict": classes.nearest(distances.ranking(x, centers), labels),
        "transform": distances.euclidean(x, centers),
    }


@converts(
    "sklearn.cluster.MeanShift",
    "sklearn.cluster.AffinityPropagation",
    wild=beyond(1e3, lambda stage: np.asarray(stage.cluster_centers_)),  # then all are equally far
)
def nearest_center(stage: Stage, x: Var) -> Answers:
    """The nearest centre, int64 ``[N]``; -1 where affinity propagation found none. Raises Unsupported."""
    if stage.get("affinity") == "precomputed":
        raise stage.unsupported("was fitted on precomputed similarities: native can't place new rows either")
    centers = stage.cluster_centers_
    if not len(centers):
        nowhere = op.reduce_sum(cast(x, np.int64) * const(0), const([1]), keepdims=0)
        return {"predict": nowhere - const(1)}
    # Since 1.1 native looks for the nearest in float64, whatever the rows are in.
    far = distances.squared(cast(x, np.float64), np.asarray(centers, np.float64))
    return {"predict": classes.nearest(far, np.arange(len(centers)))}


@converts("sklearn.cluster.Birch", wild=beyond(1e3, lambda stage: np.asarray(stage.subcluster_centers_)))
def birch(stage: Stage, x: Var) -> Answers:
    """The label of the nearest subcluster, and the distances to all of them."""
    centers = stage.subcluster_centers_
    return {
        "predict": classes.nearest(distances.squared(x, centers), stage.subcluster_labels_),
        "transform": distances.euclidean(x, centers),
    }


class _Hierarchy(NamedTuple):
    """A tree of bisections: centres left and right of each split, labels and ways of the leaves."""

    left: Array
    right: Array
    labels: Array
    lefts: Array
    rights: Array


def _hierarchy(root: Record) -> _Hierarchy:
    centers: list[tuple[Array, Array]] = []
    leaves: list[tuple[int, list[tuple[int, int]]]] = []
    todo: list[tuple[Record, list[tuple[int, int]]]] = [(root, [])]
    while todo:
        node, way = todo.pop()
        left, right = node.get("left"), node.get("right")
        if left is None:
            leaves.append((node.get("label"), way))
            continue
        split = len(centers)
        centers.append((left.get("center"), right.get("center")))
        todo += [(right, [*way, (split, 1)]), (left, [*way, (split, 0)])]
    turns = np.zeros((2, len(centers), len(leaves)))
    for leaf, (_, way) in enumerate(leaves):
        for split, side in way:
            turns[side, split, leaf] = 1
    labels = np.array([label for label, _ in leaves], np.int32)
    return _Hierarchy(*map(np.stack, zip(*centers, strict=True)), labels, *turns)  # type: ignore[call-arg]


@converts("sklearn.cluster.BisectingKMeans")
def bisecting_k_means(stage: Stage, x: Var) -> Answers:
    """The leaf reached by going to the nearer of two centres at each split; the distances to all."""
    answers: dict[str, Var] = {"transform": distances.euclidean(x, stage.cluster_centers_)}
    tree = stage._bisecting_tree
    if tree.get("left") is None:
        everything = op.reduce_sum(x * const(0, dtype_of(x)), const([1]), keepdims=0)
        return {**answers, "predict": cast(everything, np.int32)}
    splits, mean = _hierarchy(tree), stage.get("_X_mean", 0)
    to_left, to_right = (distances.ranking(x, side + mean) for side in (splits.left, splits.right))
    right = cast(op.less(to_right, to_left), dtype_of(to_left))
    leaf = distances.descended(right, splits.lefts, splits.rights)
    return {**answers, "predict": classes.label(leaf, splits.labels)}
