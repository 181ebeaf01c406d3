"""The columns of a model: their names, pandas' categories, and the values at which answers change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.lightgbm import trees
from onnxpipe.blocks.forests import boosting
from onnxpipe.blocks.forests.tree_node import MEMBER
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY
from onnxpipe.core.table import Table
from onnxpipe.errors import Unsupported

Array = NDArray[Any]


def names(stage: Stage) -> tuple[str, ...] | None:
    """The fitted column names, None where they are the ones that LightGBM makes up."""
    found = tuple(map(str, stage.get("feature_names") or ()))
    return None if found == tuple(f"Column_{i}" for i in range(len(found))) else found or None


def categories(stage: Stage) -> Mapping[int, Array]:
    """The categories of each column that was one of pandas', in the order of their codes.

    The text lists them without saying of which columns; the parameters name as many, or it is refused.
    """
    known = stage.get("pandas_categorical") or []
    if not known:
        return {}
    told = str(stage.parameters.get("categorical_feature", "")).removeprefix("name:").split(",")
    places = sorted(int(place) for place in told if place.isdigit())
    if len(places) != len(known):
        raise _untold(stage)
    return {place: _values(values) for place, values in zip(places, known, strict=True)}


def _untold(stage: Stage) -> Unsupported:
    return stage.unsupported(
        "keeps pandas' categories without saying of which columns; fit it on codes in their place"
    )


def _values(values: list[Any]) -> Array:
    if all(isinstance(value, str) for value in values):
        return np.array(values, object)
    whole = all(isinstance(value, int) for value in values)
    return np.array(values, np.int64 if whole else np.float64)


def hints(stage: Stage, number: str = ANY) -> list[str]:
    """The dtype names of the columns, ``number`` for those without categories."""
    found = categories(stage)
    return [boosting.kind_of(found[i]) if i in found else number for i in range(trees.width(stage))]


def matrix(stage: Stage, x: Table) -> Var:
    """The columns as the trees read them: float64 ``[N, d]``, categories as codes."""
    known = categories(stage)
    return boosting.coded(x, known, np.float64) if known else x.matrix(np.float64)


def edges(stage: Stage, rounds: int | None) -> Mapping[int, Array]:
    """The thresholds, how far from 0 a number counts as 0, and the categories."""
    forest = trees.trees(stage, rounds).forest
    inner = ~forest.is_leaf
    by_category = forest.modes == MEMBER if forest.modes is not None else np.zeros(len(inner), bool)
    split = inner & ~by_category
    found: dict[int, Array] = {}
    for feature in set(forest.feature[split].tolist()):
        own = np.unique(forest.threshold[split & (forest.feature == feature)])
        found[feature] = np.concatenate([own, [0, boosting.ZERO, -boosting.ZERO]])
    codes = {int(feature): boosting.some_codes(forest) for feature in set(forest.feature[by_category])}
    return {**found, **codes, **categories(stage)}
