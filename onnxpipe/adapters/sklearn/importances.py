"""How much fitted estimators rely on each feature: ``coef_`` and ``feature_importances_``.

Formulas: sklearn/feature_selection/_base.py, tree/_tree.pyx, ensemble/_forest.py, _gb.py,
_weight_boosting.py and svm/_base.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.pickles import described
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record

Array = NDArray[Any]

FROZEN = "sklearn.frozen.FrozenEstimator"


def importances(stage: Stage, estimator: Record, getter: Any) -> Array:
    """``importance_getter`` of the estimator: ``[d]`` or ``[k, d]``. Raises Unsupported where it has none."""
    if not isinstance(getter, str):
        raise stage.unsupported(f"takes its importances from {described(getter)}")
    if getter == "auto":
        found = _attribute(estimator, "coef_")
        found = _attribute(estimator, "feature_importances_") if found is None else found
    else:
        found = estimator
        for name in getter.split("."):
            found = _attribute(found, name)
    if found is None or isinstance(found, Record):
        raise stage.unsupported(f"{estimator.kind} tells no importances as {getter}")
    return np.asarray(found)


def _attribute(value: Any, name: str) -> Any:
    """An attribute as scikit-learn answers it, properties worked out; None where there is none."""
    if not isinstance(value, Record):
        return dict(value).get(name) if isinstance(value, (list, dict)) else None
    if name in value.fields:
        return value.get(name)
    if value.kind == FROZEN:
        return _attribute(value.get("estimator"), name)
    if name == "named_steps":
        return dict(value.get("steps"))
    compute = PROPERTIES.get((name, value.kind))
    return None if compute is None else compute(value)


def _tree(tree: Record, *, normalised: bool = True) -> Array:
    """The impurity a tree's splits on each feature take away, ``[d]``, summing to 1 if normalised."""
    state = tree.get("tree_")
    nodes = state.get("nodes")
    split = nodes[nodes["left_child"] >= 0]
    weight = nodes["weighted_n_node_samples"] * nodes["impurity"]
    left, right = weight[split["left_child"]], weight[split["right_child"]]
    found = np.zeros(int(state.args[0]))
    np.add.at(found, split["feature"], weight[nodes["left_child"] >= 0] - left - right)
    found /= nodes["weighted_n_node_samples"][0]
    return _normalised(found) if normalised else found


def _normalised(values: Array) -> Array:
    total = values.sum()
    return np.asarray(values / total if total > 0 else values)


def _grown(trees: Any) -> list[Record]:
    """The trees that split at all."""
    return [tree for tree in np.ravel(np.asarray(trees, object)) if len(tree.get("tree_").get("nodes")) > 1]


def _mean(rows: Sequence[Array], width: int) -> Array:
    found = np.mean(rows, axis=0, dtype=np.float64) if rows else np.zeros(width)
    return np.asarray(found / found.sum() if rows else found)


def _forest(forest: Record) -> Array:
    return _mean([_tree(tree) for tree in _grown(forest.get("estimators_"))], forest.get("n_features_in_"))


def _gradient_boosting(model: Record) -> Array:
    grown = _grown(model.get("estimators_"))
    return _mean([_tree(tree, normalised=False) for tree in grown], model.get("n_features_in_"))


def _ada_boost(model: Record) -> Any:
    weights = np.asarray(model.get("estimator_weights_"))
    parts = [_attribute(each, "feature_importances_") for each in model.get("estimators_")]
    if any(part is None for part in parts):
        return None
    return sum(w * part for w, part in zip(weights, parts, strict=False)) / weights.sum()


def _kernel_machine(model: Record) -> Any:
    """``coef_`` of a linear kernel: ``[1, d]``, or a row per pair of classes."""
    if model.get("kernel") != "linear":
        return None
    dual, vectors = np.asarray(model.get("dual_coef_")), model.get("support_vectors_")
    if not isinstance(vectors, np.ndarray):  # kept sparse
        return None
    if len(dual) == 1:
        return dual @ vectors
    ends = np.cumsum([0, *np.asarray(model.get("_n_support", model.get("n_support_")))])
    spans = [slice(a, b) for a, b in pairwise(ends.tolist())]
    return np.stack(
        [
            dual[j - 1, spans[i]] @ vectors[spans[i]] + dual[i, spans[j]] @ vectors[spans[j]]
            for i in range(len(spans))
            for j in range(i + 1, len(spans))
        ]
    )


_BOTH = ("Classifier", "Regressor")
PROPERTIES: dict[tuple[str, str], Callable[[Record], Any]] = {
    **{
        ("feature_importances_", f"sklearn.tree.{n}Tree{c}"): _tree
        for n in ("Decision", "Extra")
        for c in _BOTH
    },
    **{
        ("feature_importances_", f"sklearn.ensemble.{n}{c}"): _forest
        for n in ("RandomForest", "ExtraTrees")
        for c in _BOTH
    },
    **{("feature_importances_", f"sklearn.ensemble.GradientBoosting{c}"): _gradient_boosting for c in _BOTH},
    **{("feature_importances_", f"sklearn.ensemble.AdaBoost{c}"): _ada_boost for c in _BOTH},
    **{
        ("coef_", f"sklearn.svm.{n}"): _kernel_machine
        for n in ("SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM")
    },
}
"""What scikit-learn computes when it is asked for, by attribute and kind."""
