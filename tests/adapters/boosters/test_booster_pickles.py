"""Boosters in pickles: early stopping, ranking, categories of data frames, lone boosters, planted faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import joblib
import lightgbm as lgb
import numpy as np
import onnx
import pandas as pd
import pytest
import xgboost as xgb
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from onnx import numpy_helper
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRanker, XGBRegressor

import onnxpipe
from onnxpipe.check.localise import culprit
from onnxpipe.errors import Unfitted, Unsupported
from tests.boosted import matrix, target

pytestmark = pytest.mark.usefixtures("inhouse")

LGBM = {"n_jobs": 1, "verbose": -1, "min_child_samples": 5, "min_data_per_group": 3}


def agrees(model: Any, rows: Any, *outputs: str) -> Any:
    """Assert that a graph answers as the estimator on its rows; the answers by output name."""
    predict = onnxpipe.load(onnxpipe.convert(model, outputs=outputs or None))
    got = predict(rows)
    np.testing.assert_allclose(got["predict"], model.predict(rows), rtol=1e-6)
    return got


@pytest.mark.parametrize("rows", [matrix()])
def test_training_that_stopped_early_answers_with_its_best_round(rows: Any) -> None:
    y = target(rows) + np.random.default_rng(0).normal(size=len(rows)) * 3
    held = [(rows[::2], y[::2])]
    early = XGBRegressor(n_estimators=60, learning_rate=0.9, early_stopping_rounds=3, n_jobs=1)
    early.fit(rows[1::2], y[1::2], eval_set=held, verbose=False)
    assert 0 < early.best_iteration + 1 < early.get_booster().num_boosted_rounds()
    agrees(early, rows)
    stop = lgb.early_stopping(3, verbose=False)
    late = LGBMRegressor(n_estimators=60, learning_rate=0.9, **LGBM)
    late.fit(rows[1::2], y[1::2], eval_set=held, callbacks=[stop])
    assert 0 < late.best_iteration_ < 60
    agrees(late, rows)


def test_lone_boosters_answer_with_all_rounds_or_the_best_as_their_library_does() -> None:
    rows, y = matrix(), target(matrix())
    slow = xgb.train({"nthread": 1}, xgb.DMatrix(rows, y), 5)
    slow.set_attr(best_iteration="1")
    got = onnxpipe.load(onnxpipe.convert(slow, outputs=["predict", "margin"]))(rows.astype(np.float32))
    np.testing.assert_array_equal(got["margin"], slow.inplace_predict(rows.astype(np.float32)))
    best = lgb.train({"num_threads": 1, "verbose": -1}, lgb.Dataset(rows, y), 5)
    best.best_iteration = 2
    got = onnxpipe.load(onnxpipe.convert(best, outputs=["predict", "raw"]))(rows)
    np.testing.assert_allclose(got["raw"], best.predict(rows), rtol=1e-12)


def test_a_lone_booster_of_named_columns_has_an_input_for_each(tmp_path: Any) -> None:
    rows = frame(["Oslo", "Rome"])
    number = (rows["size"] > 0) * 1.0 + (rows["city"] == "Rome")
    few = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "min_data_per_group": 3}
    booster = lgb.train(few, lgb.Dataset(rows, number), 3)
    joblib.dump(booster, tmp_path / "model.joblib")
    graph = onnxpipe.convert(tmp_path / "model.joblib")
    assert [value.name for value in graph.graph.input] == ["size", "city", "floor"]
    assert onnxpipe.verify(graph, tmp_path / "model.joblib", rows=100)


@pytest.mark.parametrize("kind", [XGBRanker, LGBMRanker])
def test_rankers(kind: Any) -> None:
    rows = matrix()
    relevance = (target(rows) > 0).astype(int)
    more = {"verbose": -1} if kind is LGBMRanker else {}
    ranker = kind(n_estimators=6, n_jobs=1, **more).fit(rows, relevance, group=[100] * 4)
    agrees(ranker, rows)


def frame(cities: Sequence[str], n: int = 300) -> Any:
    """Numbers, categories of text and categories of numbers."""
    rng = np.random.default_rng(5)
    made = pd.DataFrame({"size": rng.normal(size=n)})
    made["city"] = pd.Categorical(rng.choice(np.array(cities, object), n))
    made["floor"] = pd.Categorical(rng.choice([3, 7, 9], n))
    return made


MODELS = {
    "xgboost": (XGBClassifier(n_estimators=6, max_depth=4, enable_categorical=True, n_jobs=1), "Bern"),
    "lightgbm": (LGBMClassifier(n_estimators=6, num_leaves=9, **LGBM), "Zürich"),
}


@pytest.mark.parametrize("library", MODELS)
def test_categories_of_data_frames_are_inputs_as_they_were_fitted(library: str, tmp_path: Any) -> None:
    model, city = MODELS[library]
    rows = frame(["Oslo", "Rome", city])
    labels = ((rows["size"] > 0) ^ (rows["city"] == city) ^ (rows["floor"] == 7)).astype(int)
    model.fit(rows, labels)
    path = tmp_path / "model.joblib"
    joblib.dump(model, path)
    graph = onnxpipe.convert(path)
    assert {value.name for value in graph.graph.input} == {"size", "city", "floor"}
    plain = rows.astype({"city": str, "floor": int})
    got = onnxpipe.load(graph)(plain)
    np.testing.assert_array_equal(got["predict"], model.predict(rows))
    np.testing.assert_allclose(got["predict_proba"], model.predict_proba(rows), rtol=1e-6)
    assert onnxpipe.verify(graph, path, plain, rows=200)


@pytest.mark.parametrize("saved", ["model.joblib", "model.txt"])
def test_columns_with_blanks_in_their_names_are_found(saved: str, tmp_path: Any) -> None:
    """LightGBM saves them with underscores, and takes them with either."""
    rows = pd.DataFrame(matrix(), columns=["mean radius", "worst  area", "a_b c", "d"])
    model = LGBMRegressor(n_estimators=6, **LGBM).fit(rows, target(matrix()))
    if saved == "model.txt":
        model.booster_.save_model(tmp_path / saved)
    else:
        joblib.dump(
            GridSearchCV(model, {"max_depth": [3]}, cv=2).fit(rows, target(matrix())), tmp_path / saved
        )
    graph = onnxpipe.convert(tmp_path / saved, sample=rows)
    assert {value.name for value in graph.graph.input} == {"mean_radius", "worst__area", "a_b_c", "d"}
    if saved == "model.txt":
        np.testing.assert_array_equal(onnxpipe.load(graph)(rows)["predict"], model.predict(rows))
    assert onnxpipe.verify(graph, tmp_path / saved, rows, rows=500)


@pytest.mark.parametrize("gaps", [False, True])
def test_categories_of_truth_values_are_proved(gaps: bool) -> None:
    rows = frame(["Oslo", "Rome"]).drop(columns="floor")
    rows["city"] = pd.Categorical(np.array(rows["city"] == "Rome", object))
    rows.loc[:: 7 if gaps else len(rows), "city"] = None if gaps else True
    model = LGBMClassifier(n_estimators=6, **LGBM).fit(
        rows, (rows["size"] > 0) ^ (rows["city"].cat.codes == 1)
    )
    assert onnxpipe.verify(onnxpipe.convert(model, sample=rows), model, rows, rows=400)


def _nudged(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every threshold of its trees one step down."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    (node,) = (node for node in changed.graph.node if node.op_type == "TreeEnsemble")
    (splits,) = (a for a in node.attribute if a.name == "nodes_splits")
    values = numpy_helper.to_array(splits.t)
    splits.t.CopyFrom(numpy_helper.from_array(np.nextafter(values, values.dtype.type(-np.inf))))
    return changed


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_threshold_one_step_off_is_found_and_put_down_to_the_booster(library: str, tmp_path: Any) -> None:
    rows, y = matrix(missing=0), target(matrix(missing=0))
    if library == "xgboost":
        path = tmp_path / "model.json"
        xgb.train({"nthread": 1, "max_depth": 3}, xgb.DMatrix(rows, y), 3).save_model(path)
    else:
        path = tmp_path / "model.txt"
        lgb.train({"num_threads": 1, "verbose": -1}, lgb.Dataset(rows, y), 3).save_model(path)
    graph = onnxpipe.convert(path)
    assert onnxpipe.verify(graph, path, rows=300)
    report = onnxpipe.verify(_nudged(graph), path, rows=300)
    assert not report
    found = culprit(report.stages)
    assert found is not None and found.path == "Booster"


def test_what_cannot_be_had_is_refused_by_name() -> None:
    rows, y = matrix(), target(matrix())
    with pytest.raises(Unfitted):
        onnxpipe.convert(XGBRegressor())
    with pytest.raises(Unfitted):
        onnxpipe.convert(LGBMRegressor())
    words = frame(["Oslo", "Zürich"])
    model = XGBClassifier(n_estimators=2, enable_categorical=True, n_jobs=1)
    with pytest.raises(Unsupported, match="beyond ASCII"):
        onnxpipe.convert(model.fit(words, (words["city"] == "Oslo").astype(int)))
    early = LGBMRegressor(n_estimators=2, pred_early_stop=True, **LGBM).fit(rows, y)
    with pytest.raises(Unsupported, match="pred_early_stop"):
        onnxpipe.convert(early)


def test_a_file_with_a_booster_needs_no_other_trust_than_its_library(tmp_path: Any) -> None:
    rows, y = matrix(missing=0), (target(matrix(missing=0)) > 0).astype(int)
    path = tmp_path / "model.joblib"
    joblib.dump(make_pipeline(StandardScaler(), XGBClassifier(n_estimators=2, n_jobs=1)).fit(rows, y), path)
    assert onnxpipe.verify(onnxpipe.convert(path), path, rows=50)
