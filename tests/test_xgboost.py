"""XGBoost: saved boosters and estimators against the library itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from tests.boosted import conform, matrix, target
from tests.harness import DTYPES, Case, cases
from tests.harness import conform as conform_estimator

FEW = {"max_depth": 4, "eta": 0.4, "nthread": 1, "seed": 0}
POSITIVE = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "reg:squaredlogerror")
SHARES = ("binary:logistic", "binary:logitraw", "binary:hinge", "reg:logistic")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", cases("xgboost"), ids=str)
def test_estimator(case: Case, dtype: str) -> None:
    conform_estimator(case, dtype)


def asking(booster: Any) -> Any:
    """What the library answers to rows, by output name."""

    def ask(rows: Any) -> Mapping[str, Any]:
        single = rows.astype(np.float32)
        value, margin = (booster.inplace_predict(single, predict_type=kind) for kind in ("value", "margin"))
        return {"predict": value, "margin": margin}

    return ask


def labels(objective: str, rows: Any) -> Any:
    """A target that an objective takes."""
    y = target(rows)
    if objective in SHARES or objective.startswith("rank"):
        return (y > 0.5).astype(int)
    return (
        np.digitize(y, [-1, 1])
        if objective.startswith("multi")
        else np.abs(y) + 0.1
        if objective in POSITIVE
        else y
    )


def trained(objective: str, rows: Any, rounds: int = 12, types: Any = None, **more: Any) -> Any:
    """A booster of an objective on rows."""
    data = xgb.DMatrix(
        rows, labels(objective, rows), feature_types=types, enable_categorical=types is not None
    )
    if objective.startswith("rank"):
        data.set_group([len(rows) // 4] * 4)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", np.abs(target(rows)) + 0.1)
        data.set_float_info("label_upper_bound", np.abs(target(rows)) + 0.2)
    classes = {"num_class": 3} if objective.startswith("multi") else {}
    return xgb.train({**FEW, "objective": objective, **classes, **more}, data, rounds)


OBJECTIVES = [
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
    "survival:cox",
    "survival:aft",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
    "multi:softprob",
    "multi:softmax",
]


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective(objective: str, suffix: str, tmp_path: Path) -> None:
    rows = matrix()
    more = {"quantile_alpha": [0.2, 0.8]} if objective == "reg:quantileerror" else {}
    booster = trained(objective, rows, **more)
    booster.save_model(tmp_path / f"model.{suffix}")
    for dtype, given in (("native", rows.astype(np.float32)), ("float64", rows)):
        conform(tmp_path / f"model.{suffix}", given, asking(booster), dtype=dtype)


@pytest.mark.parametrize(
    "more",
    [
        {"max_cat_to_onehot": 1},
        {"max_cat_to_onehot": 100},
        {"max_cat_to_onehot": 1, "booster": "dart", "rate_drop": 0.3},
        {"max_cat_to_onehot": 1, "objective": "multi:softprob"},
    ],
    ids=str,
)
@pytest.mark.parametrize("count", [5, 30, 70, 300])
def test_categories(count: int, more: Mapping[str, Any], tmp_path: Path) -> None:
    rows = matrix(n=900, categories=count)
    objective = more.get("objective", "reg:squarederror")
    booster = trained(
        objective, rows, types=["q", "q", "q", "c"], **{k: v for k, v in more.items() if k != "objective"}
    )
    booster.save_model(tmp_path / "model.ubj")
    for dtype, given in (("native", rows.astype(np.float32)), ("float64", rows)):
        conform(tmp_path / "model.ubj", given, asking(booster), dtype=dtype)
