"""XGBoost: saved boosters and estimators against the library itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, RobustScaler, SplineTransformer, StandardScaler

import onnxpipe
from onnxpipe.errors import BadInput, Unsupported
from tests.boosted import conform, matrix, target
from tests.datasets import load
from tests.harness import DTYPES, Case, cases, open_session
from tests.harness import conform as conform_estimator

pytestmark = pytest.mark.usefixtures("inhouse")

FEW = {"max_depth": 4, "eta": 0.4, "nthread": 1, "seed": 0}
POSITIVE = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "reg:squaredlogerror")
SHARES = ("binary:logistic", "binary:logitraw", "binary:hinge", "reg:logistic")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", cases("xgboost"), ids=str)
def test_estimator(case: Case, dtype: str) -> None:
    conform_estimator(case, dtype)


def asking(booster: Any, linear: bool = False) -> Any:
    """What the library answers to rows, by output name; a linear booster takes them as a DMatrix."""

    def ask(rows: Any) -> Mapping[str, Any]:
        single = rows.astype(np.float32)
        if linear:
            data = xgb.DMatrix(single)
            return {"predict": booster.predict(data), "margin": booster.predict(data, output_margin=True)}
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
    if more.pop("num_target", 1) == 2:
        data.set_label(np.stack([target(rows), np.cos(target(rows))], axis=1))
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


TWO = {"num_target": 2}
WAYS = {
    "dropout": {"booster": "dart", "rate_drop": 0.4},
    "dropout of several classes": {"booster": "dart", "rate_drop": 0.4, "objective": "multi:softprob"},
    "parallel trees": {"num_parallel_tree": 3, "subsample": 0.6},
    "two targets": TWO,
    "leaves of two targets": {**TWO, "multi_strategy": "multi_output_tree"},
    "leaves of classes": {"multi_strategy": "multi_output_tree", "objective": "multi:softprob"},
    "exact splits": {"tree_method": "exact"},
    "leaf by leaf": {"grow_policy": "lossguide", "max_leaves": 6},
    "a base score": {"base_score": 0.2, "objective": "binary:logistic"},
    "no splits": {"gamma": 1e9},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_boosting(way: str, tmp_path: Path) -> None:
    rows, more = matrix(), dict(WAYS[way])
    objective = str(more.pop("objective", "reg:squarederror"))
    booster = trained(objective, rows, **more)
    booster.save_model(tmp_path / "model.ubj")
    for dtype, given in (("native", rows.astype(np.float32)), ("float64", rows)):
        ask = asking(booster)
        conform(tmp_path / "model.ubj", given, ask, dtype=dtype, has_edges=way != "no splits")


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "multi:softprob"])
def test_linear_boosters(objective: str, tmp_path: Path) -> None:
    rows = matrix()
    booster = trained(objective, rows, booster="gblinear")
    booster.save_model(tmp_path / "model.json")
    session = open_session(onnxpipe.convert(tmp_path / "model.json", outputs=["predict", "margin"]))
    expected = asking(booster, linear=True)(rows)
    for name, got in zip(expected, session.run(None, {"X": rows.astype(np.float32)}), strict=True):
        np.testing.assert_allclose(got, expected[name], rtol=1e-5, atol=1e-5)
    with pytest.raises(Exception, match="Gather"):
        session.run(None, {"X": np.full((1, 4), np.inf, np.float32)})


@pytest.mark.parametrize(
    "more", [{}, {"num_target": 2}, {"num_target": 2, "multi_strategy": "multi_output_tree"}], ids=str
)
@pytest.mark.parametrize("rounds", [0, 1, 300])
def test_margins_are_equal_bit_for_bit(rounds: int, more: Mapping[str, Any], tmp_path: Path) -> None:
    rows = matrix(n=2000).astype(np.float32)
    booster = trained("reg:squarederror", rows, rounds=rounds, **more)
    booster.save_model(tmp_path / "model.ubj")
    session = open_session(onnxpipe.convert(tmp_path / "model.ubj", outputs=["margin"]))
    np.testing.assert_array_equal(session.run(None, {"X": rows})[0], booster.inplace_predict(rows))


@pytest.mark.parametrize("more", [{}, {"base_score": 0.3}], ids=str)
def test_a_booster_without_rounds_answers_where_it_would_start(
    more: Mapping[str, Any], tmp_path: Path
) -> None:
    rows = matrix().astype(np.float32)
    booster = trained("binary:logistic", rows, rounds=0, **more)
    booster.save_model(tmp_path / "model.ubj")
    session = open_session(onnxpipe.convert(tmp_path / "model.ubj", outputs=["margin"]))
    expected = booster.inplace_predict(rows, predict_type="margin")
    np.testing.assert_array_equal(session.run(None, {"X": rows})[0], expected)


def test_leaves_of_targets_as_they_were_saved_before_3_2(tmp_path: Path) -> None:
    """A row at every node, where there is one at every leaf now; one first prediction for all targets."""
    rows = matrix()
    booster = trained("reg:squarederror", rows, base_score=0.25, **TWO, multi_strategy="multi_output_tree")
    document = json.loads(bytes(booster.save_raw("json")))
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        values, table = iter(zip(*[iter(tree.pop("leaf_weights"))] * 2, strict=True)), []
        for left in tree["left_children"]:
            table += next(values) if left == -1 else (0.0, 0.0)
        tree["base_weights"] = table
    document["learner"]["learner_model_param"]["base_score"] = "2.5E-1"
    (tmp_path / "model.json").write_text(json.dumps(document))
    session = open_session(onnxpipe.convert(tmp_path / "model.json"))
    single = rows.astype(np.float32)
    np.testing.assert_allclose(
        session.run(None, {"X": single})[0], booster.inplace_predict(single), atol=1e-5
    )


def test_named_columns_are_inputs_of_their_own(tmp_path: Path) -> None:
    rows = matrix()
    data = xgb.DMatrix(rows, target(rows), feature_names=["a", "b", "c", "d"])
    booster = xgb.train(FEW, data, 5)
    booster.save_model(tmp_path / "model.json")
    table = dict(zip("abcd", rows.astype(np.float32).T, strict=True))
    got = onnxpipe.load(onnxpipe.convert(tmp_path / "model.json"))(table)
    np.testing.assert_array_equal(got["predict"], booster.predict(data))


@pytest.mark.parametrize(
    ("objective", "more"),
    [
        ("count:poisson", {}),
        ("binary:logistic", {"booster": "gblinear"}),
        ("multi:softprob", {"feature_names": list("abcd")}),
    ],
)
def test_base_margins_of_rows_are_an_input(objective: str, more: Mapping[str, Any], tmp_path: Path) -> None:
    """Margins that rows start from, such as the logarithm of an exposure, proved against the library."""
    rows = matrix().astype(np.float32)
    names = more.get("feature_names")
    booster = trained(objective, rows, **{k: v for k, v in more.items() if k != "feature_names"})
    booster.feature_names = names
    booster.save_model(tmp_path / "model.ubj")
    margin = np.random.default_rng(1).normal(size=(len(rows), 3 if "multi" in objective else 1))
    given = {"base_margin": margin.astype(np.float32)}
    given |= {"X": rows} if names is None else dict(zip(names, rows.T[..., None], strict=True))
    inputs = {"base_margin": ("float32", None)}
    model = onnxpipe.convert(tmp_path / "model.ubj", inputs=inputs, outputs=["predict", "margin"])
    data = xgb.DMatrix(rows, base_margin=given["base_margin"], feature_names=names)
    expected = [booster.predict(data), booster.predict(data, output_margin=True)]
    for got, want in zip(open_session(model).run(None, given), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    report = onnxpipe.verify(model, tmp_path / "model.ubj")
    assert report, report.to_json()


def test_a_base_margin_has_a_number_for_each_score(tmp_path: Path) -> None:
    trained("multi:softprob", matrix()).save_model(tmp_path / "model.ubj")
    with pytest.raises(BadInput, match="base_margin is a number for each of 3 scores"):
        onnxpipe.convert(tmp_path / "model.ubj", inputs={"base_margin": ("float32", (None, 1))})


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


TEXTS = ["red green", "green blue blue", "a of red", "sky of blue"] * 5
BESIDE = {
    "hashes with signs": (HashingVectorizer(n_features=8), TEXTS),
    "numbers under keys": (DictVectorizer(), [{"a": i % 3, "b": "x"} for i in range(20)]),
    "splines": (SplineTransformer(sparse_output=True), np.linspace(0, 1, 20)[:, None]),
    "a filled gap": (
        make_pipeline(OneHotEncoder(), SimpleImputer(strategy="constant", fill_value=0)),
        np.arange(20)[:, None] % 3,
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_sparse_rows_that_hold_some_zeros_are_refused(name: str) -> None:
    """Those aren't missing to XGBoost, the ones beside them are, and a graph can't tell them apart."""
    stage, rows = BESIDE[name]
    model = make_pipeline(stage, xgb.XGBRegressor(n_estimators=2)).fit(rows, np.arange(20.0))
    with pytest.raises(Unsupported, match="sparse rows that hold some zeros"):
        onnxpipe.convert(model)


@pytest.mark.parametrize(
    "scaler", [MaxAbsScaler(), StandardScaler(with_mean=False), RobustScaler(with_centering=False)], ids=str
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_scaled_sparse_rows_are_proved(scaler: Any, dtype: str) -> None:
    """On thresholds behind the scaler, which multiplies sparse rows, and where it makes 0 of a number."""
    frame, y = load("many_cities")
    few = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    model = make_pipeline(few, scaler, xgb.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1)).fit(frame, y)
    report = onnxpipe.verify(onnxpipe.convert(model, sample=frame, dtype=dtype), model, frame, rows=1500)
    assert report, report.to_json()


SAVED = {
    "objectives": OBJECTIVES,
    "ways of boosting": [*WAYS, "linear boosters"],
    "categories": ["single ones", "sets of 5 to 300 categories"],
    "formats": ["JSON", "UBJSON", "pickle"],
}
"""What is held of saved boosters, for the support table."""
