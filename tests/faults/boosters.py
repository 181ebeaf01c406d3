"""Faults in boosted trees of four libraries behind a scaler."""

from __future__ import annotations

from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from tests import datasets
from tests.faults.planting import Fault, after, at, attribute, off, up

XGB, LGBM = "Pipeline/xgbclassifier", "Pipeline/lgbmclassifier"
HIST = "Pipeline/histgradientboostingclassifier"


def _behind_a_scaler(booster: Any) -> tuple[Any, Any]:
    rows, target = datasets.load("missing")
    return make_pipeline(StandardScaler(), booster).fit(rows, target), rows


PIPELINES = {
    "xgboost": lambda: _behind_a_scaler(XGBClassifier(n_estimators=2, max_depth=3)),
    "lightgbm": lambda: _behind_a_scaler(LGBMClassifier(n_estimators=2, num_leaves=4, verbose=-1)),
    "histogram": lambda: _behind_a_scaler(HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5)),
}
"""Fitted pipelines and their rows, by name."""


def _flipped(values: Any) -> Any:
    return [1 - v for v in values]


FAULTS = [
    Fault(
        "split 1 float32 ulp up", "threshold", "xgboost", XGB,
        attribute(XGB, "TreeEnsemble", "nodes_splits", at(0, up)),
    ),
    Fault(
        "missing values the other way, XGBoost", "NaN routing", "xgboost", XGB,
        attribute(XGB, "TreeEnsemble", "nodes_missing_value_tracks_true", _flipped), 4,
    ),
    Fault(
        "leaf off by 1e-3, float32", "parameter", "xgboost", XGB,
        attribute(XGB, "TreeEnsemble", "leaf_weights", at(1, off(1e-3))), 4,
    ),
    Fault(
        "float32 scores as doubles", "dtype", "xgboost", XGB,
        after("predict_proba", ("Cast", {"to": 11}), dtype=11), None,
    ),
    Fault(
        "a tree left out", "missing tree", "lightgbm", LGBM,
        attribute(LGBM, "TreeEnsemble", "tree_roots", lambda roots: roots[:-1]), None,
    ),
    Fault(
        "split 1 ulp up", "threshold", "lightgbm", LGBM,
        attribute(LGBM, "TreeEnsemble", "nodes_splits", lambda a: at(int(np.argmax(np.abs(a) > 0.1)), up)(a)),
        3,
    ),
    Fault(
        "trees of other classes", "class", "lightgbm", LGBM,
        attribute(LGBM, "TreeEnsemble", "leaf_targetids", lambda ids: [(i + 1) % 3 for i in ids]), None,
    ),
    Fault(
        "missing values the other way, histograms", "NaN routing", "histogram", HIST,
        attribute(HIST, "TreeEnsemble", "nodes_missing_value_tracks_true", _flipped), 4,
    ),
    Fault(
        "baseline off by 1e-6", "parameter", "histogram", HIST,
        attribute(HIST, "TreeEnsemble", "leaf_weights", at(-2, off(1e-6))), None,  # the tree of one leaf
    ),
    Fault(
        "trees compare < instead of <=", "comparison", "histogram", HIST,
        attribute(HIST, "TreeEnsemble", "nodes_modes", np.ones_like), 4,
    ),
]  # fmt: skip
