"""CatBoost: .cbm files and JSON exports against the library, and estimators in pickles."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import onnx
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from onnxpipe.adapters.catboost.cityhash import category_hash
from onnxpipe.adapters.catboost.estimators import parsed
from onnxpipe.check.compare import compare
from onnxpipe.core.options import Options
from onnxpipe.core.registry import discover, kinds
from onnxpipe.errors import BadInput, Unreadable, Unsupported
from onnxpipe.services.convert import conversion
from onnxpipe.worker import main as worker
from tests.boosted import conform, matrix, target
from tests.harness import DTYPES, Case, cases, open_session
from tests.harness import conform as conform_estimator
from tests.shell import here, told

pytestmark = pytest.mark.usefixtures("inhouse")

sys.modules.setdefault("_onnxpipe_main", worker)
native = importlib.import_module("onnxpipe.worker.catboost_native")

FEW = {"iterations": 15, "depth": 4, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
FORMATS = ("cbm", "json")
ESTIMATORS = cases("catboost")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", ESTIMATORS, ids=str)
def test_estimator(case: Case, dtype: str) -> None:
    conform_estimator(case, dtype)


def saved(model: Any, folder: Path, kind: str) -> Path:
    """A model in a file of its own."""
    path = folder / f"model.{kind}"
    model.save_model(path, format=kind)
    return path


def asking(path: Path) -> Any:
    """What the library answers to rows, by output name."""
    model = native.load(str(path), "", [])
    return lambda rows: native.asked(model, rows)


def labels(loss: str, rows: Any) -> Any:
    """A target that a loss takes."""
    y = target(rows)
    if loss == "MultiLogloss":
        return np.stack([y > 0, y > 1], axis=1).astype(int)
    if loss == "CrossEntropy":
        return np.where(y > 0, 0.8, 0.3)
    if loss.startswith(("Logloss", "Focal", "MultiClass")):
        return np.digitize(y, [-1, 1] if loss.startswith("Multi") else [0.5])
    return np.stack([y, -y], axis=1) if loss == "MultiRMSE" else np.abs(y) + 0.1


FOCAL = "Focal:focal_alpha=0.4;focal_gamma=2"
CLASSIFYING = ("Logloss", "CrossEntropy", FOCAL, "MultiClass", "MultiClassOneVsAll", "MultiLogloss")
REGRESSING = (
    "RMSE",
    "MAE",
    "Quantile:alpha=0.3",
    "MultiQuantile:alpha=0.1,0.5",
    "Huber:delta=1",
    "MultiRMSE",
)
REGRESSING += (
    "Poisson",
    "Tweedie:variance_power=1.5",
    "RMSEWithUncertainty",
    "LogCosh",
    "Expectile:alpha=0.3",
)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("loss", [*CLASSIFYING, *REGRESSING])
def test_loss(loss: str, kind: str, tmp_path: Path) -> None:
    rows = matrix()
    chosen = CatBoostClassifier if loss in CLASSIFYING else CatBoostRegressor
    path = saved(chosen(loss_function=loss, **FEW).fit(rows, labels(loss, rows)), tmp_path, kind)
    conform(path, rows, asking(path))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nan_mode", ["Min", "Max"])
@pytest.mark.parametrize("policy", ["SymmetricTree", "Depthwise", "Lossguide"])
def test_every_way_to_grow_and_to_treat_gaps(policy: str, nan_mode: str, dtype: str, tmp_path: Path) -> None:
    rows = matrix()
    rows[:, 0] = np.nan_to_num(rows[:, 0])  # no gaps when it was trained
    for loss in ("RMSE", "MultiClass"):
        chosen = CatBoostClassifier if loss in CLASSIFYING else CatBoostRegressor
        model = chosen(loss_function=loss, grow_policy=policy, nan_mode=nan_mode, **FEW)
        for kind in FORMATS:
            path = saved(model.fit(rows, labels(loss, rows)), tmp_path, kind)
            conform(path, rows.astype("f4" if dtype == "float32" else "f8"), asking(path), dtype=dtype)


@pytest.mark.parametrize("names", [("no", "yes"), (3, 7), (False, True), (2.5, 1.5)], ids=str)
def test_labels_keep_their_type(names: tuple[Any, Any], tmp_path: Path) -> None:
    rows = matrix()
    model = CatBoostClassifier(**FEW).fit(rows, np.where(target(rows) > 0, names[0], names[1]))
    path = saved(model, tmp_path, "cbm")
    conform(path, rows, asking(path))


def test_a_threshold_and_a_scale_that_were_set(tmp_path: Path) -> None:
    rows = matrix()
    model = CatBoostClassifier(**FEW).fit(rows, target(rows) > 0)
    model.set_probability_threshold(0.7)
    path = saved(model, tmp_path, "cbm")
    conform(path, rows, asking(path))
    model = CatBoostRegressor(**FEW).fit(rows, target(rows))
    model.set_scale_and_bias(2.5, [-1.0])
    path = saved(model, tmp_path, "cbm")
    conform(path, rows, asking(path))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_ranker(kind: str, tmp_path: Path) -> None:
    rows = matrix()
    model = CatBoostRanker(**FEW).fit(rows, np.digitize(target(rows), [0]), group_id=np.arange(400) // 10)
    path = saved(model, tmp_path, kind)
    conform(path, rows, asking(path))
    assert conversion(path, Options()).plan.root.kind == "catboost.core.CatBoostRanker"


def test_every_converter_has_a_row() -> None:
    discover("onnxpipe.adapters.catboost")
    ours = {kind for kind in kinds() if kind.startswith("catboost.")}
    rows = {f"catboost.core.{type(case.estimator).__name__}" for case in ESTIMATORS}
    assert ours - rows == {"catboost.core.CatBoostRanker"}  # whose rows are files, above


WORDS = ["a", "bb", "ccc", "dddd", "eight888", "nine99999", "seventeen-letters", "x" * 32, "y" * 33, "z" * 64,
         "w" * 65, "q" * 130, "Zoë", "日本語", "", " "]  # fmt: skip
CATEGORICAL = ["word", "whole", "few"]


def table(seed: int = 0, n: int = 600) -> Any:
    """Two columns of numbers and three of categories: words, whole numbers, and few letters."""
    rng = np.random.default_rng(seed)
    word, few = (np.array(values, object)[rng.integers(0, len(values), n)] for values in (WORDS, list("uvw")))
    numbers = rng.normal(size=(2, n))
    return pd.DataFrame(
        {"n": numbers[0], "word": word, "whole": rng.integers(-3, 30, n), "m": numbers[1], "few": few}
    )


def sought(rows: Any) -> Any:
    """A number that hangs on categories together with others and with a number."""
    mixed = rows.word.map(category_hash) % 7 + rows.few.map(category_hash) % 5
    together = (mixed + rows.whole * 3) % 2
    noise = 0.1 * np.random.default_rng(1).normal(size=len(rows))
    return together + (rows.n > 0) * (rows.whole % 3 == 0) + noise


def odd(rows: Any, path: Path) -> Any:
    """The rows, rows with unseen categories and odd numbers, and rows around every border."""
    rng = np.random.default_rng(0)
    made = [rows]
    unseen = {"word": ["unseen", "A", "bb "], "whole": [12345, -99], "few": ["", "U", "uv"]}
    odd_numbers = {name: [np.nan, np.inf, -np.inf, -0.0, 1e30] for name in ("n", "m")}
    around = {f.name: np.unique([np.nextafter(f.borders, np.float32(e)) for e in (-np.inf, np.inf)])
              for f in parsed(path.read_bytes()).numeric}  # fmt: skip
    borders = {f.name: f.borders for f in parsed(path.read_bytes()).numeric}
    for values in (unseen, odd_numbers, around, borders):
        for name, several in values.items():
            more = rows.iloc[rng.integers(0, len(rows), len(several))].copy()
            more[name] = list(several)
            made.append(more)
    return pd.concat(made, ignore_index=True).astype({"whole": np.int64})


def sample(rows: Any) -> dict[str, Any]:
    return {name: rows[name].to_numpy() for name in rows.columns}


def assert_equal(path: Path, rows: Any) -> onnx.ModelProto:
    """The graph made with ``rows`` as a sample answers as the library, also to what it never saw."""
    asked = odd(rows, path)
    model = native.load(str(path), "", [])
    expected: Mapping[str, Any] = native.asked(model, asked)
    made = conversion(path, Options(outputs=tuple(expected)), sample=sample(rows)).model
    onnx.checker.check_model(made, full_check=True)
    session = open_session(made)
    kinds = {"tensor(string)": object, "tensor(int64)": np.int64, "tensor(double)": np.float64}
    fed = {p.name: asked[p.name].to_numpy()[:, None].astype(kinds[p.type]) for p in session.get_inputs()}
    for count in (len(asked), 2, 1, 0):
        some = {name: column[:count] for name, column in fed.items()}
        got = dict(zip(expected, session.run(tuple(expected), some), strict=True))
        for verdict in compare({name: value[:count] for name, value in expected.items()}, got):
            assert verdict.equal, verdict
    return made


SIMPLE = ("Borders", "Buckets", "BinarizedTargetMeanValue", "Counter", "Borders:TargetBorderCount=3")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("one_hot", [2, 4, 100])
def test_categories(one_hot: int, kind: str, tmp_path: Path) -> None:
    """One-hot splits, statistics of one feature and of several, with numbers among them."""
    rows = table()
    more = {
        **FEW,
        "iterations": 60,
        "depth": 6,
        "learning_rate": 0.3,
        "model_size_reg": 0,
        "random_strength": 0,
        "max_ctr_complexity": 4,
    }
    regressor = CatBoostRegressor(one_hot_max_size=one_hot, cat_features=CATEGORICAL, **more)
    path = saved(regressor.fit(rows, sought(rows)), tmp_path, kind)
    statistics = [ctr.projection for ctr in parsed(path.read_bytes()).ctrs]
    assert bool(statistics) == (one_hot < 100)
    assert one_hot == 100 or {len(p.categories) for p in statistics} >= {1, 2}
    assert one_hot == 100 or any(p.numeric for p in statistics)
    assert_equal(path, rows)
    classifier = CatBoostClassifier(one_hot_max_size=one_hot, cat_features=CATEGORICAL, **more)
    assert_equal(saved(classifier.fit(rows, np.digitize(sought(rows), [1, 2])), tmp_path, kind), rows)


@pytest.mark.parametrize("policy", ["SymmetricTree", "Lossguide"])
@pytest.mark.parametrize("statistic", SIMPLE)
def test_statistic(statistic: str, policy: str, tmp_path: Path) -> None:
    rows = table()
    chosen = {"simple_ctr": [statistic], "combinations_ctr": [statistic], "one_hot_max_size": 2}
    model = CatBoostRegressor(cat_features=CATEGORICAL, grow_policy=policy, **chosen, **FEW)
    path = saved(model.fit(rows, sought(rows)), tmp_path, "cbm")
    assert {ctr.kind for ctr in parsed(path.read_bytes()).ctrs} == {statistic.partition(":")[0]}
    assert_equal(path, rows)


def test_categories_that_no_row_shows_are_refused_with_their_number(tmp_path: Path) -> None:
    rows = table()
    model = CatBoostRegressor(cat_features=CATEGORICAL, one_hot_max_size=100, **FEW)
    path = saved(model.fit(rows, sought(rows)), tmp_path, "cbm")
    with pytest.raises(BadInput, match="hashes of its categories"):
        conversion(path, Options())
    with pytest.raises(BadInput, match=r"\d+ of word") as caught:
        conversion(path, Options(), sample=sample(rows[rows.word.str.len() > 8]))
    assert "--sample TRAINING_ROWS" in caught.value.remedy
    with pytest.raises(BadInput, match="hashes of its categories") as caught:
        conversion(model, Options(), sample=sample(rows))
    assert "save_model" in caught.value.remedy


def test_the_hash_is_the_library_s(tmp_path: Path) -> None:
    """Texts of every length up to 200: one-hot splits keep the hashes of those that the model splits on."""
    texts = ["".join(chr(97 + (i * j) % 26) for j in range(i)) for i in range(1, 201)]
    rows = pd.DataFrame({"text": np.repeat(texts, 3)})
    more = {**FEW, "iterations": 400, "depth": 1}
    model = CatBoostRegressor(cat_features=["text"], one_hot_max_size=250, learning_rate=1, **more)
    model.fit(rows, np.random.default_rng(0).normal(size=200).repeat(3))
    hashes = {int(v) for f in parsed(saved(model, tmp_path, "cbm").read_bytes()).one_hot for v in f.hashes}
    assert len(hashes) > 100
    assert hashes <= {category_hash(text) for text in texts}


def test_texts_as_features_are_refused_by_name(tmp_path: Path) -> None:
    rows = pd.DataFrame({"t": ["one two three", "four five six", "two five one", "six six three"] * 20})
    model = CatBoostClassifier(text_features=["t"], **{**FEW, "iterations": 3}).fit(rows, [0, 1, 0, 1] * 20)
    with pytest.raises(Unsupported, match="text"):
        conversion(saved(model, tmp_path, "cbm"), Options())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A model of everything in both formats, as bytes."""
    rows = table(n=120)
    folder = tmp_path_factory.mktemp("small")
    model = CatBoostRegressor(cat_features=CATEGORICAL, one_hot_max_size=3, **{**FEW, "iterations": 4})
    model.fit(rows, sought(rows))
    return {kind: saved(model, folder, kind).read_bytes() for kind in FORMATS}


def refused_or_read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        conversion(path, Options(), sample=sample(table(n=120)), framework="catboost")
    except (Unreadable, BadInput, Unsupported):
        return


@pytest.mark.parametrize("kind", FORMATS)
def test_a_cut_file_is_refused(kind: str, small: Mapping[str, bytes], tmp_path: Path) -> None:
    data = small[kind].rstrip()
    for kept in np.linspace(8, len(data) - 1, 60).astype(int):
        (tmp_path / "model").write_bytes(data[:kept])
        with pytest.raises(Unreadable):
            conversion(tmp_path / "model", Options(), framework="catboost")


def test_damaged_bytes_are_refused_or_read(small: Mapping[str, bytes], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for _ in range(150):
        data = np.frombuffer(small["cbm"], np.uint8).copy()
        data[rng.integers(4, len(data), 8)] = rng.integers(0, 256, 8)
        refused_or_read(tmp_path / "model", data.tobytes())


WRONG: Mapping[str, Any] = {
    "no features": lambda held: held.pop("features_info"),
    "no trees": lambda held: held.pop("oblivious_trees"),
    "two features in one column": lambda held: [
        f.update(flat_feature_index=0) for f in held["features_info"]["float_features"]
    ],
    "a column of its own in a million": lambda held: held["features_info"]["float_features"][0].update(
        flat_feature_index=10**9
    ),
    "too few leaves": lambda held: held["oblivious_trees"][0]["leaf_values"].pop(),
    "a split that isn't there": lambda held: held["oblivious_trees"][0]["splits"][0].update(
        split_index=10**6
    ),
    "a negative split": lambda held: held["oblivious_trees"][0]["splits"][0].update(split_index=-1),
    "too deep": lambda held: held["oblivious_trees"][0].update(splits=[{"split_index": 0}] * 60),
    "a bias for another": lambda held: held.update(scale_and_bias=[1, [0, 0, 0, 0, 0, 0, 0]]),
    "no counts": lambda held: held.update(ctr_data={}),
    "a category of no feature": lambda held: held["features_info"]["categorical_features"].clear(),
}


@pytest.mark.parametrize("name", WRONG)
def test_parts_that_do_not_fit_are_refused(name: str, small: Mapping[str, bytes], tmp_path: Path) -> None:
    held = json.loads(small["json"])
    WRONG[name](held)
    (tmp_path / "model").write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(Unreadable):
        conversion(tmp_path / "model", Options(), sample=sample(table(n=120)), framework="catboost")


def test_from_the_command_line_to_a_proven_model(tmp_path: Path) -> None:
    rows = table(n=200)
    model = CatBoostClassifier(cat_features=CATEGORICAL, one_hot_max_size=3, **FEW)
    saved(model.fit(rows, sought(rows) > 1), tmp_path, "cbm")
    rows.to_parquet(tmp_path / "rows.parquet")
    done = here("convert", "model.cbm", "-o", "model.onnx", "--sample", "rows.parquet", cwd=tmp_path)
    assert done.returncode == 0, told(done)
    assert "EQUAL" in told(done)
    assert here("verify", "model.onnx", cwd=tmp_path).returncode == 0
    assert here("skew", "model.onnx.lock", cwd=tmp_path).returncode == 0
    (tmp_path / "model.cbm").write_bytes((tmp_path / "model.cbm").read_bytes()[:500])
    assert here("skew", "model.onnx.lock", cwd=tmp_path).returncode == 1
    assert here("convert", "model.cbm", "-o", "other.onnx", cwd=tmp_path).returncode == 2


def test_the_version_is_read_off_the_file(tmp_path: Path) -> None:
    model = CatBoostRegressor(**FEW).fit(matrix(), target(matrix()))
    for kind in FORMATS:
        assert conversion(saved(model, tmp_path, kind), Options()).plan.version == catboost.__version__
