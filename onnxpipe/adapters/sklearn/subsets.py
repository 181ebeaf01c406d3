"""Trees that each see some of the columns, as one forest over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.trees import forest_of
from onnxpipe.blocks.forests import trees
from onnxpipe.blocks.forests.trees import Forest
from onnxpipe.core.plan import Stage

Array = NDArray[Any]

_TREES = tuple(
    f"sklearn.tree.{name}{what}"
    for name in ("DecisionTree", "ExtraTree")
    for what in ("Classifier", "Regressor")
)


def are_trees(stage: Stage) -> bool:
    """Whether every member of an ensemble is a single tree."""
    return all(member.kind in _TREES for member in stage.estimators_)


def subset_forest(stage: Stage) -> Forest:
    """The nodes of all members' trees, splitting on the ensemble's columns."""
    forest = forest_of(stage.estimators_)
    subsets = stage.get("estimators_features_")
    if subsets is None:
        return forest
    starts = np.cumsum([0, *(len(subset) for subset in subsets)])[:-1]
    tree = np.searchsorted(forest.roots, np.arange(len(forest.left)), side="right") - 1
    place = starts[tree] + np.maximum(forest.feature, 0)
    chosen = np.concatenate([np.asarray(subset, np.int64) for subset in subsets])[place]
    return forest._replace(feature=np.where(forest.is_leaf, forest.feature, chosen))


def read_columns(stage: Stage) -> Array:
    """The places of the columns that some member reads, int64 in order: what no member sees, none refuses."""
    return np.unique(np.concatenate(list(stage.estimators_features_))).astype(np.int64)


def among(forest: Forest, columns: Array) -> Forest:
    """The same nodes, splitting on places among ``columns`` in place of the ensemble's columns."""
    places = np.searchsorted(columns, forest.feature)
    return forest._replace(feature=np.where(forest.is_leaf, forest.feature, places))


def subset_edges(stage: Stage) -> Mapping[int, Array]:
    """The thresholds, and the float32 numbers around them that inputs are rounded to."""
    found = {}
    for feature, values in subset_forest(stage).edges().items():
        below = trees.rounded_down(values)
        found[feature] = np.concatenate([values, below, np.nextafter(below, np.float32(np.inf))])
    return found
