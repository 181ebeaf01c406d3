"""Whether the parts of a model fit together, seen to before anything is made of it."""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.catboost.model import Model
from onnxpipe.errors import Unreadable

_DEEPEST = 16
"""The depth that CatBoost allows."""
_WIDEST = 10**6


def checked(model: Model) -> Model:
    """The model. Raises Unreadable where its parts don't fit together."""
    columns = model.columns
    if len(set(columns)) < len(columns) or (columns and not 0 <= min(columns) <= max(columns) < _WIDEST):
        raise Unreadable("its features don't have a column each")
    if not 1 <= model.dimension == len(model.bias):
        raise Unreadable(f"it answers {model.dimension} numbers and has {len(model.bias)} to add")
    _check_splits(model)
    _check_statistics(model)
    _check_levels(model) if model.trees.steps is None else _check_steps(model)
    return model


def _check_splits(model: Model) -> None:
    sizes, splits = model.trees.sizes, model.trees.splits
    if np.any(sizes < 0) or sizes.sum() != len(splits):
        raise Unreadable(f"its trees have {sizes.sum()} splits, and there are {len(splits)}")
    places = sum(len(f.borders) for f in model.numeric) + sum(len(c.borders) for c in model.ctrs)
    places += sum(len(f.hashes) for f in model.one_hot)
    if len(splits) and not model.other and not 0 <= splits.min() <= splits.max() < max(places, 1):
        raise Unreadable("a tree splits on a value that isn't there")


def _check_statistics(model: Model) -> None:
    numeric, categorical = {f.number for f in model.used}, [f.number for f in model.categorical]
    named = [f.feature for f in model.one_hot] + [i for c in model.ctrs for i in c.projection.features]
    if len(set(categorical)) < len(categorical) or set(named) - set(categorical):
        raise Unreadable("a split is on a category of a feature that isn't there")
    for ctr in model.ctrs:
        table = model.tables.get(ctr.key)
        if table is None or not 0 <= ctr.target_border < max(1, table.counts.shape[1]):
            raise Unreadable("a categorical statistic has no counts")
        if not ctr.projection.categories or {i for i, _ in ctr.projection.numeric} - numeric:
            raise Unreadable("a categorical statistic is of no feature")


def _check_levels(model: Model) -> None:
    sizes = model.trees.sizes
    if len(sizes) and sizes.max() > _DEEPEST:
        raise Unreadable(f"it has a tree of depth {sizes.max()}")
    if (1 << sizes.astype(np.int64)).sum() != len(model.values):
        raise Unreadable("its trees have other leaves than there are values")


def _check_steps(model: Model) -> None:
    trees, steps, leaves = model.trees, model.trees.steps, model.trees.leaves
    if steps is None or leaves is None or not len(steps) == len(leaves) == len(trees.splits):
        raise Unreadable("its nodes have other children than there are nodes")
    ends = np.repeat(np.cumsum(trees.sizes), trees.sizes)
    if np.any(trees.sizes < 1) or np.any(np.arange(len(ends))[:, None] + steps >= ends[:, None]):
        raise Unreadable("a node has a child outside of its tree")
    used = leaves[(steps == 0).any(axis=1)]
    if np.any(used % model.dimension) or np.any(used // model.dimension >= len(model.values)):
        raise Unreadable("a node has values that aren't there")
