"""LightGBM: saved models and estimators against the library itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

import onnxpipe
from onnxpipe.errors import NativeFailed, Unreadable
from tests.boosted import conform, matrix, target
from tests.harness import DTYPES, Case, cases
from tests.harness import conform as conform_estimator

pytestmark = pytest.mark.usefixtures("inhouse")

FEW = {"num_leaves": 9, "min_data_in_leaf": 5, "num_threads": 1, "verbose": -1, "min_data_per_group": 3}
POSITIVE = ("poisson", "gamma", "tweedie")
SHARES = ("binary", "cross_entropy", "cross_entropy_lambda")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", cases("lightgbm"), ids=str)
def test_estimator(case: Case, dtype: str) -> None:
    conform_estimator(case, dtype)


def asking(booster: Any) -> Any:
    """What the library answers to rows, by output name."""

    def ask(rows: Any) -> Mapping[str, Any]:
        return {"predict": booster.predict(rows), "raw": booster.predict(rows, raw_score=True)}

    return ask


def labels(objective: str, rows: Any) -> Any:
    """A target that an objective takes."""
    y = target(rows)
    if objective in SHARES or objective in ("lambdarank", "rank_xendcg"):
        return (y > 0.5).astype(int)
    if objective.startswith("multi"):
        return np.digitize(y, [-1, 1])
    return np.abs(y) + 0.1 if objective in POSITIVE else y


def halves(scores: Any, data: Any) -> Any:
    """Gradients of half the squared error, for a model without an objective."""
    return scores - data.get_label(), np.ones_like(scores)


def trained(rows: Any, objective: str = "regression", rounds: int = 12, **more: Any) -> Any:
    """A booster of an objective on rows."""
    own: Any = halves if objective == "none" else objective
    group = [len(rows) // 4] * 4 if objective in ("lambdarank", "rank_xendcg") else None
    names = more.pop("categorical_feature", "auto")
    data = lgb.Dataset(rows, labels(objective, rows), group=group, categorical_feature=names)
    classes = {"num_class": 3} if objective.startswith("multi") else {}
    return lgb.train({**FEW, "objective": own, **classes, **more}, data, rounds)


def both_dtypes(path: Path, rows: Any, booster: Any) -> None:
    for dtype, given in (("native", rows), ("float32", rows.astype(np.float32))):
        conform(path, given, asking(booster), dtype=dtype)


OBJECTIVES = (
    *("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"),
    *("binary", "multiclass", "multiclassova", "cross_entropy", "cross_entropy_lambda"),
    *("lambdarank", "rank_xendcg"),
)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective(objective: str, tmp_path: Path) -> None:
    rows = matrix()
    booster = trained(rows, objective, sigmoid=1.3)
    booster.save_model(tmp_path / "model.txt")
    both_dtypes(tmp_path / "model.txt", rows, booster)


FOREST = {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}
WAYS: Mapping[str, Mapping[str, Any]] = {
    "dropout": {"boosting": "dart", "drop_rate": 0.5},
    "random forest": FOREST,
    "random forest of several classes": {**FOREST, "objective": "multiclass"},
    "one-sided sampling": {"data_sample_strategy": "goss"},
    "zero as missing": {"zero_as_missing": True},
    "missing as zero": {"use_missing": False},
    "square roots": {"reg_sqrt": True},
    "linear trees": {"linear_tree": True},
    "linear trees of several classes": {"linear_tree": True, "objective": "multiclass"},
    "extremely random trees": {"extra_trees": True},
    "no objective": {"objective": "none"},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_boosting(way: str, tmp_path: Path) -> None:
    rows = matrix()
    rows[::3, 2] = 0
    booster = trained(rows, **WAYS[way])
    booster.save_model(tmp_path / "model.txt")
    both_dtypes(tmp_path / "model.txt", rows, booster)


@pytest.mark.parametrize("more", [{}, {"objective": "multiclass"}, {"categorical_feature": [3]}], ids=str)
def test_texts_as_they_were_saved_before_2_3(more: Mapping[str, Any], tmp_path: Path) -> None:
    """Without an end of the trees, which LightGBM still reads by their sizes."""
    rows = matrix(n=600, categories=50)
    text = trained(rows, **more).model_to_string().replace("version=v4", "version=v2")
    text = text.replace("end of trees\n", "").replace("feature_importances:", "feature importances:")
    (tmp_path / "model.txt").write_text(text)
    both_dtypes(tmp_path / "model.txt", rows, lgb.Booster(model_str=text))


def test_texts_that_the_library_no_longer_reads_are_refused(tmp_path: Path) -> None:
    text = trained(matrix()).model_to_string().replace("num_cat=0\n", "")
    (tmp_path / "model.txt").write_text(text)
    with pytest.raises(Unreadable, match="by category"):
        onnxpipe.convert(tmp_path / "model.txt")


@pytest.mark.parametrize("more", [{"max_cat_to_onehot": 1}, {"max_cat_to_onehot": 100}], ids=str)
@pytest.mark.parametrize("count", [5, 30, 70, 300])
def test_categories(count: int, more: Mapping[str, Any], tmp_path: Path) -> None:
    rows = matrix(n=900, categories=count)
    booster = trained(rows, categorical_feature=[3], **more)
    booster.save_model(tmp_path / "model.txt")
    both_dtypes(tmp_path / "model.txt", rows, booster)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"objective": "multiclass"},
        {"zero_as_missing": True},
        {"linear_tree": True},
        {"categorical_feature": [3], "max_cat_to_onehot": 1},
        {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1},
        {"min_data_in_leaf": 1000},
    ],
    ids=str,
)
def test_dumps(more: Mapping[str, Any], tmp_path: Path) -> None:
    rows = matrix(n=600, categories=50)
    booster = trained(rows, **more)
    (tmp_path / "model.json").write_text(json.dumps(booster.dump_model()))
    conform(tmp_path / "model.json", rows, asking(booster), has_edges=more != {"min_data_in_leaf": 1000})


def test_thresholds_that_a_dump_cuts_off_are_infinite_or_refused(tmp_path: Path) -> None:
    """Those of splits between numbers and gaps are infinite; others are lost, and the text has them."""
    rows = matrix()
    booster = lgb.train(FEW, lgb.Dataset(rows, 9 * np.isnan(rows[:, 0]) + target(rows)), 12)
    assert "inf" in booster.model_to_string().partition("threshold=")[2].partition("\n")[0].split()
    (tmp_path / "model.json").write_text(json.dumps(booster.dump_model()))
    far = np.where(np.isnan(rows), np.nan, np.finfo(np.float64).max)
    conform(tmp_path / "model.json", np.concatenate([rows, far]), asking(booster))
    (tmp_path / "model.json").write_text(json.dumps(trained(rows * 1e300).dump_model()))
    with pytest.raises(Unreadable, match="cuts thresholds off"):
        onnxpipe.convert(tmp_path / "model.json")


def test_a_dump_is_converted_and_not_verified(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(trained(matrix()).dump_model()))
    with pytest.raises(NativeFailed, match="dump_model"):
        onnxpipe.verify(onnxpipe.convert(path), path)


SAVED = {
    "objectives": OBJECTIVES,
    "ways of boosting": list(WAYS),
    "categories": ["single ones", "sets of 5 to 300 categories"],
    "formats": ["text", "JSON dump", "pickle"],
}
"""What is held of saved models, for the support table."""
