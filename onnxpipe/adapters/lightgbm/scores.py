"""Raw scores: the sum of all trees, in float64 and in the library's order (GBDT::PredictRaw)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.lightgbm import trees
from onnxpipe.adapters.reading import reading
from onnxpipe.blocks import linear
from onnxpipe.blocks.forests import boosting, linear_trees
from onnxpipe.blocks.forests import trees as blocks
from onnxpipe.core.ops import Var, const, shape_of
from onnxpipe.core.plan import Stage

Array = NDArray[Any]


def raw(stage: Stage, x: Var, rounds: int | None = None) -> Var:
    """The sum of all trees (of the first rounds) on float64 ``x``: ``[N, scores]``."""
    found, count = trees.trees(stage, rounds), trees.per_round(stage)
    prepared, forest = boosting.treated(x, found.forest, found.treatments)
    if not len(forest.roots):
        return boosting.constant(x, np.zeros(count))
    if any(tree.get("is_linear", "0").strip() == "1" for tree in found.documents):
        models = _linear(found, trees.width(stage), stage.path)
        return linear_trees.summed(x, prepared, forest, models, count)
    return blocks.added(prepared, forest, found.weights, found.targets, count)


def averaged(stage: Stage, total: Var, rounds: int | None) -> Var:
    """The mean over rounds where the model is a random forest, else the sum itself."""
    count = len(trees.taken(stage, rounds)) // trees.per_round(stage)
    return total / const(float(count)) if stage.get("average_output") and count else total


def flat(values: Var) -> Var:
    """``[N]`` in place of ``[N, 1]``."""
    return linear.column(values) if shape_of(values)[1] == 1 else values


def _linear(found: trees.Trees, width: int, where: str) -> linear_trees.Models:
    """The linear model of every leaf; a constant in trees that have none."""
    with reading("LightGBM model", where, ""):
        return linear_trees.models([_tree(tree) for tree in found.documents], width)


def _tree(tree: Mapping[str, str]) -> linear_trees.Tree:
    value = _array(tree["leaf_value"])
    if tree.get("is_linear", "0").strip() != "1":
        return linear_trees.Tree(value, value, np.zeros(len(value), np.int64), _array("")[:0], _array(""))
    counts = _array(tree["num_features"]).astype(np.int64)
    features, coefficients = _array(tree.get("leaf_features", "")), _array(tree.get("leaf_coeff", ""))
    return linear_trees.Tree(
        value, _array(tree["leaf_const"]), counts, features.astype(np.int64), coefficients
    )


def _array(text: str) -> Array:
    return np.array(text.split(), object).astype(np.float64)
