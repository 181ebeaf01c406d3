"""Isolation forests and tree embeddings: what a row's leaves tell but their values.

Formulas: sklearn/ensemble/_iforest.py and _forest.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn import trees as saved
from onnxpipe.adapters.sklearn.delegation import members
from onnxpipe.adapters.sklearn.subsets import subset_edges, subset_forest
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import linear
from onnxpipe.blocks.forests import trees
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check

Array = NDArray[Any]


def _isolation_check(stage: Stage) -> Check:
    """Nothing is refused from 1.6 on, which is when these trees learnt to route NaN."""
    return Check.NOTHING if saved_since(stage, 1, 6) else Check.NONFINITE


@converts("sklearn.ensemble.IsolationForest", dtype=np.float32, refuses=_isolation_check, edges=subset_edges)
def isolation_forest(stage: Stage, x: Var) -> Answers:
    """How quickly a row is told apart ``[N]``, the same above a threshold, and -1 where below it."""
    forest = subset_forest(stage)
    lengths = _path_lengths(forest, saved.joined(_nodes(stage), "n_node_samples"))[forest.is_leaf]
    depth = linear.column(trees.summed(x, forest, lengths))
    norm = len(forest.roots) * float(_expected(np.array([_drawn(stage)]))[0])
    power = depth / const(-norm) if norm else depth * const(0.0) - const(1.0)
    scores = op.neg(op.pow(const(2.0), power))
    decision = scores - const(float(stage.offset_))
    outlier = op.less(decision, const(0.0))
    return {
        "predict": op.where(outlier, const(-1), const(1)),
        "decision_function": decision,
        "score_samples": scores,
    }


def _drawn(stage: Stage) -> int:
    """The rows each tree was fitted on."""
    return int(stage.get("_max_samples", stage.get("max_samples_")))


def _nodes(stage: Stage) -> list[Array]:
    return [tree.get("tree_").get("nodes") for tree in stage.estimators_]


def _path_lengths(forest: Forest, rows: Array) -> Array:
    """Splits from the root to each node, plus what is expected below it for its number of rows."""
    depth = np.zeros(len(forest.left))
    level, here = 0, forest.roots
    while len(here):
        depth[here] = level
        inner = here[~forest.is_leaf[here]]
        level, here = level + 1, np.concatenate([forest.left[inner], forest.right[inner]])
    return depth + _expected(rows)


def _expected(rows: Array) -> Array:
    """The mean depth of an unsuccessful search in a binary tree of so many rows."""
    many = np.maximum(rows, 3).astype(np.float64)
    length = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    return np.asarray(np.where(rows <= 1, 0.0, np.where(rows == 2, 1.0, length)))


def _embedding_check(stage: Stage) -> Check:
    return saved.refused(members(stage)[0])


@converts(
    "sklearn.ensemble.RandomTreesEmbedding", dtype=np.float32, refuses=_embedding_check, edges=saved.edges
)
def random_trees_embedding(stage: Stage, x: Var) -> Var:
    """One column per leaf of every tree, 1 for the leaf the row ends in, float64 ``[N, leaves]``."""
    forest = saved.forest_of(stage.estimators_)
    leaves = np.arange(int(forest.is_leaf.sum()))
    return trees.summed(x, forest, np.ones(len(leaves)), leaves)
