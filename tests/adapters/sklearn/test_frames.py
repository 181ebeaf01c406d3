"""Data frames of every kind: what scikit-learn answers on them, the graph answers on them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MultiLabelBinarizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeRegressor

import onnxpipe
from onnxpipe.check.compare import compare
from onnxpipe.check.frames import as_rows
from onnxpipe.errors import BadInput, Refusal, Unsupported
from tests.rigs.sklearn import installed

N = 60
CHANCE = np.random.default_rng(0)
CODES = CHANCE.integers(0, 5, N)
SHARES = CHANCE.normal(size=N).round(1)
WORDS = np.array(["a", "b", "ü", "日本"], object)[CODES % 4]
IS_GAP = CHANCE.random(N) < 0.2
DAYS = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(CODES, "D"))
TARGET = CODES + SHARES


def gaps(values: Any, gap: Any = None) -> list[Any]:
    return [gap if is_gap else value for is_gap, value in zip(IS_GAP, values.tolist(), strict=True)]


def objects(values: Any) -> Any:
    return pd.Series(list(values), dtype=object)


def arrow(values: Any, kind: Any) -> Any:
    return pd.Series(pd.array(list(values), dtype=pd.ArrowDtype(kind)))


WIDTHS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
LEVELS = ["日本", "b", "a", "ü", "never"]
PANDAS: dict[str, Any] = {
    **{name: pd.Series(CODES.astype(name)) for name in WIDTHS},
    **{name: pd.array(gaps(CODES), dtype=name) for name in ("Int8", "Int64", "UInt16", "Float32", "Float64")},
    **{f"full {name}": pd.array(CODES, dtype=name) for name in ("Int8", "UInt64", "Float32")},
    "bool": pd.Series(CODES > 2),
    "boolean": pd.array(gaps(CODES > 2), dtype="boolean"),
    "full boolean": pd.array(CODES > 2, dtype="boolean"),
    "str": pd.array(gaps(WORDS, np.nan), dtype="str"),
    "full string": pd.array(WORDS, dtype="string"),
    "text": objects(WORDS),
    "text with NaN": objects(gaps(WORDS, np.nan)),
    "text with None": objects(gaps(WORDS)),
    "text with NA": objects(gaps(WORDS, pd.NA)),
    "object integers": objects(CODES.tolist()),
    "object floats with None": objects(gaps(SHARES)),
    "object truths with NaN": objects(gaps(CODES > 2, np.nan)),
    "mixed objects": objects([word if i % 2 else i for i, word in enumerate(WORDS)]),
    "category": pd.Series(gaps(WORDS)).astype("category"),
    "ordered category": pd.Series(pd.Categorical(WORDS, categories=LEVELS, ordered=True)),
    "category of integers": pd.Series(CODES).astype("category"),
    "category of nullable integers": pd.Series(pd.array(gaps(CODES), dtype="Int64")).astype("category"),
    "category of floats": pd.Series(np.where(IS_GAP, np.nan, CODES * 0.5)).astype("category"),
    "category of truths": pd.Series(CODES > 2).astype("category"),
    "category of dates": DAYS.astype("category"),
    "dates": DAYS,
    "dates in seconds": DAYS.astype("datetime64[s]"),
    "spans": pd.Series(pd.to_timedelta(CODES, "h")),
    "dates with gaps": DAYS.mask(IS_GAP),
    "spans with gaps": pd.Series(pd.to_timedelta(CODES, "h")).mask(IS_GAP),
    "dates of a zone": DAYS.dt.tz_localize("UTC"),
    "date objects": objects([datetime.date(2020, 1, 1 + int(code)) for code in CODES]),
    "arrow int8": arrow(CODES, pa.int8()),
    "arrow int64": arrow(gaps(CODES), pa.int64()),
    "arrow float": arrow(gaps(SHARES), pa.float32()),
    "arrow bool": arrow(gaps(CODES > 2), pa.bool_()),
    "arrow string": arrow(gaps(WORDS), pa.string()),
    "arrow timestamp": arrow(DAYS, pa.timestamp("ns")),
    "sparse": pd.Series(pd.arrays.SparseArray(SHARES * (CODES > 2))),
}
POLARS: dict[str, Any] = {
    **{
        f"polars {kind}": pl.Series(CODES).cast(kind) for kind in (pl.Int8, pl.UInt64, pl.Float32, pl.Float64)
    },
    "polars integers": pl.Series(gaps(CODES)),
    "polars floats": pl.Series(gaps(SHARES)),
    "polars truths": pl.Series(gaps(CODES > 2)),
    "polars text": pl.Series(WORDS.tolist()),
    "polars text with nulls": pl.Series(gaps(WORDS)),
    "polars categorical": pl.Series(gaps(WORDS)).cast(pl.Categorical),
    "polars enum": pl.Series(WORDS.tolist(), dtype=pl.Enum(LEVELS)),
    "polars date": pl.Series([datetime.date(2020, 1, 1 + int(code)) for code in CODES]),
    "polars date with nulls": pl.Series(gaps(DAYS.dt.date)),
    "polars duration": pl.Series([datetime.timedelta(hours=int(code)) for code in CODES]),
}
READS_POLARS = installed("1.9")
"""Up to 1.8 scikit-learn asks for the interchange protocol, which polars 2 gave up."""
COLUMNS = {**PANDAS, **(POLARS if READS_POLARS else {})}
STAGES: dict[str, Callable[[], Any]] = {
    "scale": StandardScaler,
    "fill": lambda: make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False)
    ),
    "mean": lambda: make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
    "one-hot": lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "ordinal": OrdinalEncoder,
    "target": lambda: TargetEncoder(random_state=0),
    "boosting": lambda: HistGradientBoostingRegressor(
        max_iter=3, min_samples_leaf=2, categorical_features="from_dtype"
    ),
    "tree": lambda: DecisionTreeRegressor(max_depth=3),
    "log1p": lambda: FunctionTransformer(np.log1p),
}
REFUSED = {
    "text with None": {"fill": "leaves those alone"},
    "polars text with nulls": {"fill": "leaves those alone"},
    "polars categorical": {"fill": "leaves those alone"},
    "polars truths": {"fill": "leaves those alone"},
    "object floats with None": {"fill": "leaves those alone"},
    "mixed objects": dict.fromkeys(STAGES, "int objects"),
    "dates of a zone": dict.fromkeys(STAGES, "imestamp"),
    "date objects": dict.fromkeys(STAGES, "date objects"),
    **{name: {"log1p": "half precision"} for name in ("int8", "uint8", "int16", "uint16", "bool")},
    **{name: {"log1p": "less than double"} for name in (
        "Int8", "UInt16", "Float32", "full Int8", "full Float32", "boolean", "full boolean", "arrow int8",
        "arrow float", "arrow bool", "polars Int8", "polars Float32",
    )},
}  # fmt: skip
"""What scikit-learn answers and a graph doesn't: by column and stage, with what the refusal says."""


def frame(column: Any) -> Any:
    return pl.DataFrame({"c": column}) if isinstance(column, pl.Series) else pd.DataFrame({"c": column})


def native(estimator: Any, rows: Any) -> dict[str, Any]:
    method = "predict" if hasattr(estimator, "predict") else "transform"
    answer = getattr(estimator, method)(rows)
    return {method: np.asarray(answer.to_numpy() if hasattr(answer, "to_numpy") else answer)}


def assert_equal(estimator: Any, rows: Any, model: Any) -> None:
    for verdict in compare(native(estimator, rows), onnxpipe.load(model)(rows)):
        assert verdict.equal, verdict


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_type_is_what_it_is_to_scikit_learn(name: str) -> None:
    rows = frame(COLUMNS[name])
    for stage, make in STAGES.items():
        estimator = make()
        try:
            native(estimator.fit(rows, TARGET), rows)
        except (TypeError, ValueError):
            continue  # scikit-learn itself doesn't take it
        said = REFUSED.get(name, {}).get(stage)
        if said is None:
            assert_equal(estimator, rows, onnxpipe.convert(estimator, sample=rows))
            continue
        with pytest.raises(Refusal, match=said):
            onnxpipe.convert(estimator, sample=rows)


@pytest.mark.parametrize(
    ("column", "said"),
    [([300], "300"), ([-1], "-1"), ([0.5], "fractions"), ([None], "gaps"), (["x"], "text"),
     (pd.to_datetime(["2020-01-01"]), "dates")],
)  # fmt: skip
def test_what_an_input_cannot_hold_is_refused(column: Any, said: str) -> None:
    rows = pd.DataFrame({"c": np.arange(5, dtype=np.uint8)})
    predict = onnxpipe.load(onnxpipe.convert(StandardScaler().fit(rows), sample=rows))
    with pytest.raises(BadInput, match=said):
        predict(pd.DataFrame({"c": column}))


@pytest.mark.parametrize("column", [[1.5, 2.0], [True, False], ["a", 1], [datetime.date(2020, 1, 1)] * 2])
def test_what_is_no_text_is_refused_where_text_is_wanted(column: Any) -> None:
    rows = pd.DataFrame({"c": ["a", "b"]})
    predict = onnxpipe.load(onnxpipe.convert(OneHotEncoder(sparse_output=False).fit(rows)))
    with pytest.raises(BadInput, match="the graph wants text"):
        predict({"c": np.array(column, object)})


ENDING_IN_NUL = ["nul\0", "a\0b\0\0", "plain"]


def as_a_column(texts: list[str]) -> dict[str, list[str]]:
    return {"X": texts}


@pytest.mark.parametrize("make", [list, tuple, as_a_column])
def test_lists_of_text_keep_the_nuls_they_end_with(make: Any) -> None:
    counts = CountVectorizer(analyzer="char").fit(ENDING_IN_NUL)
    got = onnxpipe.load(onnxpipe.convert(counts))(make(ENDING_IN_NUL))["transform"]
    assert (got == counts.transform(ENDING_IN_NUL).toarray()).all()


@pytest.mark.parametrize("as_given", [np.ndarray.copy, np.ndarray.tolist])
def test_a_matrix_of_numbers_beside_text_is_served_as_it_was_fitted(as_given: Any) -> None:
    rows = np.array([[1.5, "a"], [2.5, "b"], [4.0, "c"]], object)
    estimator = make_column_transformer((StandardScaler(), [0]), (OneHotEncoder(), [1])).fit(rows)
    predict = onnxpipe.load(onnxpipe.convert(estimator, sample=rows))
    assert np.allclose(predict(as_given(rows))["transform"], estimator.transform(rows), rtol=1e-12)


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [
        (DictVectorizer(), [{"a": 1, "city": "Oslo"}, {"b": 2.5}, {"city": "Bern", "a": 3}]),
        (FeatureHasher(8), [{"a": 1, "city": "Oslo"}, {"b": 2.5}]),
        (FeatureHasher(8, input_type="string"), [["a", "b"], ["c"], []]),
        (MultiLabelBinarizer(), [{"a", "b"}, {"c"}, set()]),
        (MultiLabelBinarizer(), [("a", "b"), ("c",)]),
        (MultiLabelBinarizer(), pd.Series([["a", "b"], ["c"]])),
        (MultiLabelBinarizer(), [(1, 2), (3, 4)]),
    ],
)  # fmt: skip
def test_dictionaries_and_lists_are_taken_as_scikit_learn_takes_them(estimator: Any, rows: Any) -> None:
    model = onnxpipe.convert(estimator.fit(rows), sample=rows)
    expected = estimator.transform(rows)
    expected = expected.toarray() if hasattr(expected, "toarray") else expected
    assert np.array_equal(onnxpipe.load(model)(rows)["transform"], expected)


def test_rows_of_numbers_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadInput, match="different lengths, from 1 to 2"):
        as_rows([[1.0, 2.0], [3.0]])


def test_a_matrix_told_by_other_columns_says_how_many() -> None:
    scaler = StandardScaler().fit(np.eye(3))
    with pytest.raises(BadInput, match=r"the rows have 2 columns, the graph wants 3 as X: float64\[N, 3\]"):
        onnxpipe.convert(scaler, sample={"a": [1.0], "b": [2.0]})
        onnxpipe.feeds(onnxpipe.convert(scaler), {"a": [1.0], "b": [2.0]})


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="more than once"):
        as_rows(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_truth_values_in_an_imputer_are_refused_as_scikit_learn_does() -> None:
    rows = pd.DataFrame({"c": objects([True, False])})
    with pytest.raises(Unsupported, match="truth values"):
        onnxpipe.convert(SimpleImputer(strategy="most_frequent").fit(rows), sample=rows)
