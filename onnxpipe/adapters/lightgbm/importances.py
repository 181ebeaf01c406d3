"""``feature_importances_`` of estimators: GBDT::FeatureImportance in src/boosting/gbdt_model_text.cpp."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.lightgbm import models, trees
from onnxpipe.adapters.sklearn.importances import PROPERTIES
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record


def importances(estimator: Record) -> Any:
    """How often each feature splits with a gain, int32 ``[d]``, or what it gains; None for the unfitted."""
    inner = estimator.get("_Booster")
    if not isinstance(inner, Record):
        return None
    booster = Stage(inner.kind, "", inner.fields)
    documents = trees.taken(booster, models.rounds(booster))
    sizes = np.array([int(tree["num_leaves"]) - 1 for tree in documents], np.int64)
    gain = trees.numbers(documents, "split_gain", sizes, float)
    feature = trees.numbers(documents, "split_feature", sizes, int)[gain > 0]
    width = trees.width(booster)
    if estimator.get("importance_type") == "gain":
        return np.bincount(feature, gain[gain > 0], width)
    return np.bincount(feature, minlength=width).astype(np.int32)


PROPERTIES |= {
    ("feature_importances_", f"lightgbm.sklearn.LGBM{name}"): importances
    for name in ("Classifier", "Regressor", "Ranker")
}
