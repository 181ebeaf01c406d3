"""``feature_importances_``: XGBModel in sklearn.py and GBTree::FeatureScore in src/gbm/gbtree.h."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.importances import PROPERTIES
from onnxpipe.adapters.xgboost import trees
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record

Array = NDArray[Any]

_SUMMED = {"gain": "loss_changes", "total_gain": "loss_changes", "cover": "sum_hessian"}
_SUMMED["total_cover"] = "sum_hessian"
"""The array of a tree that each type of importance sums; ``weight`` counts splits."""


def importances(estimator: Record) -> Any:
    """The share of each feature, float32 ``[d]`` summing to 1; None for linear boosters and the unfitted."""
    inner = estimator.get("_Booster")
    if not isinstance(inner, Record):
        return None
    booster = Stage(inner.kind, "", inner.fields)
    if trees.is_linear(booster):
        return None
    scores = _scores(booster, str(estimator.get("importance_type") or "gain"))
    total = scores.sum()
    return scores / total if total else scores


def _scores(booster: Stage, kind: str) -> Array:
    """Sums over all splits, rounded to float32 one after the other, or their means per feature."""
    documents = trees.tree_model(booster)["trees"]
    split = [np.asarray(tree["left_children"]) != -1 for tree in documents]
    parts = [np.asarray(tree["split_indices"])[own] for tree, own in zip(documents, split, strict=True)]
    feature = np.concatenate(parts).astype(np.int64)
    count = np.bincount(feature, minlength=trees.width(booster)).astype(np.float32)
    if kind == "weight":
        return count
    values = [np.asarray(tree[_SUMMED[kind]])[own] for tree, own in zip(documents, split, strict=True)]
    total = np.zeros(len(count), np.float32)
    np.add.at(total, feature, np.concatenate(values).astype(np.float32))
    return total if kind.startswith("total") else total / np.maximum(count, 1)


PROPERTIES |= {
    ("feature_importances_", f"xgboost.sklearn.XGB{name}"): importances
    for name in ("Classifier", "Regressor", "RFClassifier", "RFRegressor", "Ranker")
}
