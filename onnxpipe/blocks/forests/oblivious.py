"""Trees as CatBoost keeps them: the same split on a whole level, or steps ahead to either child."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks.forests.trees import Forest

Array = NDArray[Any]


def by_levels(sizes: Array, feature: Array, threshold: Array, ended: Array | None = None) -> Forest:
    """Trees that split level by level, ``sizes`` levels each; leaves are in the order of their numbers.

    ``feature`` and ``threshold`` ``[sum of sizes]`` are from the lowest bit of a leaf's number to
    the highest; a bit is set by values above the threshold. ``ended`` ``[leaves]`` is how many rows ended
    in each in training, or their weight.
    """
    sizes = np.asarray(sizes, np.int64)
    ends, nodes = np.cumsum(sizes), 2 ** (sizes + 1) - 1
    roots = np.cumsum(nodes) - nodes
    total = int(nodes.sum())
    which = np.zeros(total, np.int64)
    left = np.full(total, -1)
    for depth in np.unique(sizes):
        inner, trees = np.arange(2**depth - 1), np.flatnonzero(sizes == depth)
        places = roots[trees][:, None] + inner
        level = np.floor(np.log2(inner + 1)).astype(np.int64)
        which[places] = ends[trees][:, None] - 1 - level
        left[places] = roots[trees][:, None] + 2 * inner + 1
    inside = left >= 0
    return Forest(
        feature=np.where(inside, feature[which] if len(feature) else 0, 0),
        threshold=np.where(inside, threshold[which] if len(threshold) else 0, 0),
        left=left,
        right=np.where(inside, left + 1, -1),
        roots=roots,
        cover=None if ended is None else _cover(sizes, roots, left, ended),
    )


def _cover(sizes: Array, roots: Array, left: Array, ended: Array) -> Array:
    """What came by each node: at a leaf what ended there, above it the sum of both branches."""
    cover = np.zeros(len(left))
    cover[left < 0] = ended
    for level in range(int(sizes.max(initial=0)) - 1, -1, -1):
        places = roots[sizes > level][:, None] + np.arange(2**level - 1, 2 ** (level + 1) - 1)
        cover[places] = cover[left[places]] + cover[left[places] + 1]
    return cover


def by_steps(sizes: Array, feature: Array, threshold: Array, steps: Array) -> tuple[Forest, Array]:
    """Trees of ``sizes`` nodes each, whose children are ``steps`` ``[nodes, 2]`` ahead; and leaves' nodes.

    Where a step is 0, the way ends at the node itself, left for values up to the threshold. The
    second answer is, per leaf of the forest, the node it stands for.
    """
    ends = steps == 0
    lone = ends.all(axis=1)
    added = ends.any(axis=1) & ~lone  # a leaf of its own beside the other child
    places = np.arange(len(steps)) + np.cumsum(added) - added
    children = np.where(ends, places[:, None] + 1, places[np.arange(len(steps))[:, None] + steps])
    total = len(steps) + int(added.sum())
    left, right, node = np.full(total, -1), np.full(total, -1), np.zeros(total, np.int64)
    left[places], right[places] = np.where(lone, -1, children[:, 0]), np.where(lone, -1, children[:, 1])
    node[places], node[places[added] + 1] = np.arange(len(steps)), np.flatnonzero(added)
    starts = places[np.cumsum(sizes) - sizes]
    forest = Forest(feature[node], threshold[node], left, right, starts)
    return forest, node[forest.is_leaf]
