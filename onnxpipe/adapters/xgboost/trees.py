"""What a saved booster's parameters say, and the sum of its trees.

Formats: src/learner.cc and src/gbm/gbtree_model.cc of XGBoost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.xgboost import nodes
from onnxpipe.adapters.xgboost.nodes import MOST, Trees
from onnxpipe.blocks.forests import boosting, leaf_rows
from onnxpipe.blocks.forests import trees as blocks
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.errors import Unreadable

Array = NDArray[Any]


def width(stage: Stage) -> int:
    """How many columns the booster was fitted on. Raises Unreadable for a number beyond reason."""
    return _count(stage, "num_feature", 0)


def groups(stage: Stage) -> int:
    """How many scores a row has: one per class or target."""
    return max(1, _count(stage, "num_class", 0), _count(stage, "num_target", 1))


def _count(stage: Stage, name: str, default: int) -> int:
    with reading("XGBoost model", stage.path, ""):
        count = int(stage.learner_model_param.get(name, default))
        if not 0 <= count <= MOST:
            raise Unreadable(f"it declares {name} = {count}")
    return count


def base_score(stage: Stage) -> NDArray[np.float32]:
    """The first prediction of each score ``[groups]``, before the objective's link; one number before 3.1."""
    with reading("XGBoost model", stage.path, ""):
        values = np.ravel(json.loads(stage.learner_model_param["base_score"])).astype(np.float32)
        return np.array(np.broadcast_to(values, groups(stage)))


def names(stage: Stage) -> tuple[str, ...] | None:
    """The fitted column names, None for a plain matrix."""
    return tuple(map(str, stage.get("feature_names") or ())) or None


def rounds(stage: Stage) -> int | None:
    """The rounds up to the best one where training stopped early, None for all."""
    best = (stage.get("attributes") or {}).get("best_iteration")
    return None if best is None else int(best) + 1


def linear_weights(stage: Stage) -> NDArray[np.float32]:
    """The coefficients of a linear booster ``[columns + 1, groups]``, the intercepts last."""
    with reading("XGBoost model", stage.path, ""):
        values = nodes.floats(stage.gradient_booster["model"]["weights"])
        return np.asarray(values.reshape(width(stage) + 1, groups(stage)))


def summed(stage: Stage, x: Var, start: Array, rounds: int | None = None) -> Var:
    """The sum of all trees (of the first rounds) on float32 ``x``, from ``start``: ``[N, groups]``.

    Rounded to float32 after every tree, as the library does.
    """
    found = trees(stage, rounds)
    x, forest = boosting.treated(x, found.forest, found.treatments)
    if not len(forest.roots):
        return boosting.constant(x, start)
    if found.weights.ndim > 1:
        first = (forest.tree_of_leaf == 0)[:, None]  # where the sum begins
        rows = np.where(first, found.weights + start, found.weights)
        return leaf_rows.summed_in_order(x, forest, rows)
    started = boosting.starting(forest, found.weights, found.targets, start)
    return blocks.added(x, *started, len(start))


def trees(stage: Stage, rounds: int | None = None) -> Trees:
    """All trees, or those of the first rounds. Raises Unreadable where arrays contradict each other."""
    with reading("XGBoost model", stage.path, ""):
        model = tree_model(stage)
        count = _taken(stage, model, rounds)
        documents, targets = model["trees"][:count], nodes.integers(model["tree_info"])[:count]
        weights = _weight_drop(stage, len(documents))
        if len(targets) != len(documents) or np.any((targets < 0) | (targets >= groups(stage))):
            raise Unreadable("its trees and their classes don't match")
        return nodes.joined(documents, targets, weights, width(stage), groups(stage))


def is_linear(stage: Stage) -> bool:
    """Whether the booster is a linear model, without trees."""
    return str(stage.gradient_booster.get("name")) == "gblinear"


def is_untrained(stage: Stage) -> bool:
    """Whether there are no rounds, and no score that was given: then the default one is a margin."""
    estimated = str(stage.learner_model_param.get("boost_from_average", "0")) != "0"
    return estimated and not is_linear(stage) and not len(tree_model(stage)["trees"])


def tree_model(stage: Stage) -> Mapping[str, Any]:
    """The part of the document that holds the trees; dropout's stands one level deeper."""
    booster = stage.gradient_booster
    model: Mapping[str, Any] = booster.get("gbtree", booster)["model"]
    return model


def _weight_drop(stage: Stage, count: int) -> Array | None:
    """The factor of each tree under dropout, None where there is no dropout."""
    found = stage.gradient_booster.get("weight_drop")
    return None if found is None else nodes.floats(found)[:count]


def _taken(stage: Stage, model: Mapping[str, Any], rounds: int | None) -> int:
    """How many trees the first rounds have; before 2.0 each had as many."""
    count = len(model["trees"])
    if rounds is None:
        return count
    starts = model.get("iteration_indptr")
    if starts is not None and len(starts):
        return int(starts[min(rounds, len(starts) - 1)])
    parallel = int(model["gbtree_model_param"].get("num_parallel_tree", 1))
    return min(count, rounds * groups(stage) * max(1, parallel))
