"""A model's trees over a matrix of numbers: numeric features, then one column per categorical split."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost.model import Model
from onnxpipe.blocks.forests import oblivious
from onnxpipe.blocks.forests.trees import Forest

Array = NDArray[Any]


class Bins(NamedTuple):
    """What each split that a tree may name compares: a column of the matrix, and a threshold."""

    column: Array
    threshold: Array


def bins(model: Model) -> Bins:
    """The splits in the order trees number them: borders, one-hot values, borders of statistics.

    Formula: TModelTrees::CalcBinFeatures in catboost/libs/model/model.cpp.
    """
    borders = [f.borders for f in model.used]
    hashes = [np.full(1, 0.5)] * sum(len(f.hashes) for f in model.one_hot)
    parts = [*borders, *hashes, *(ctr.borders for ctr in model.ctrs)]
    column = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return Bins(column, np.concatenate([*parts, np.zeros(0)]).astype(np.float64))


def forest(model: Model) -> tuple[Forest, Array]:
    """The trees, and the values ``[leaves, dimension]`` of their leaves."""
    trees, known = model.trees, bins(model)
    used = trees.splits if len(known.column) else np.zeros(0, np.int64)
    if trees.steps is None or trees.leaves is None:
        ended = trees.ended if len(trees.ended) == len(model.values) else None
        made = oblivious.by_levels(trees.sizes, known.column[used], known.threshold[used], ended)
        return made, model.values
    # Nodes without a split are marked with 0, which needn't be one.
    column, threshold = (np.append(part, 0) for part in known)
    made, nodes = oblivious.by_steps(trees.sizes, column[trees.splits], threshold[trees.splits], trees.steps)
    return made, model.values[trees.leaves[nodes] // model.dimension]
