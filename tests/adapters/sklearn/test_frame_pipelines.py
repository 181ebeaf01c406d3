"""Pipelines on data frames, and every kind of table and file their rows come in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier

import onnxpipe
from onnxpipe.errors import BadInput, Refusal
from tests.adapters.sklearn.test_frames import (
    CODES,
    DAYS,
    IS_GAP,
    LEVELS,
    READS_POLARS,
    SHARES,
    TARGET,
    WORDS,
    N,
    assert_equal,
    gaps,
    native,
    objects,
)

pytestmark = pytest.mark.usefixtures("inhouse")

FRAME = pd.DataFrame(
    {
        "small": CODES.astype("int8"),
        "whole": pd.array(gaps(CODES), dtype="Int64"),
        "share": pd.array(gaps(SHARES), dtype="Float64"),
        "level": pd.Categorical(WORDS, categories=LEVELS, ordered=True),
        "code": pd.Series(CODES).astype("category"),
        "word": pd.array(gaps(WORDS, np.nan), dtype="str"),
        "flag": CODES > 1,
        "day": DAYS,
        "unread": objects([{"no": "table"}] * N),
    }
)
POLAR = pl.DataFrame(
    {
        "small": pl.Series(CODES).cast(pl.Int8),
        "whole": gaps(CODES),
        "share": gaps(SHARES),
        "level": pl.Series(WORDS.tolist()).cast(pl.Categorical),
        "word": gaps(WORDS),
        "flag": CODES > 1,
    }
)
NUMBERS = ["small", "whole", "share"]
TEXT = "str" if pd.__version__ >= "3" else "object"
"""What a selector calls a column of text."""
NEEDS_POLARS = pytest.mark.skipif(not READS_POLARS, reason="scikit-learn before 1.9 doesn't read polars 2")


def columns(*texts: str, **options: Any) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("texts", encoder, list(texts)), ("rest", "passthrough", ["flag"])],
        **options,
    )


def by_type() -> ColumnTransformer:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    return ColumnTransformer(
        [("n", make_pipeline(StandardScaler()), make_column_selector(dtype_include="number")),
         ("c", encoder, make_column_selector(dtype_include=["category", TEXT]))]
    )  # fmt: skip


def ridge(*before: Any) -> Any:
    return make_pipeline(*before, Ridge())


def boosting(**options: Any) -> Any:
    return HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5, **options)


def filled(missing: Any) -> Any:
    imputer = SimpleImputer(missing_values=missing, strategy="most_frequent")
    return make_pipeline(ColumnTransformer([("w", imputer, ["word"])]), OneHotEncoder(sparse_output=False))


def named_out(container: str, *texts: str) -> Any:
    return ridge(columns(*texts, verbose_feature_names_out=False).set_output(transform=container))


def truths_filled() -> Any:
    return ridge(
        ColumnTransformer([("m", SimpleImputer(strategy="most_frequent"), ["flag", "whole", "small"])])
    )


def of_dates() -> Any:
    """Dates in every step that scikit-learn lets them into, with gaps where it lets those."""
    known = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    gapped = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ridge(
        ColumnTransformer(
            [("known", known, ["day", "word", "span"]), ("gapped", gapped, ["gapped", "small"]),
             ("means", TargetEncoder(random_state=0), ["gapped", "day"]),
             ("counted", StandardScaler(), ["day"]),
             ("tree", KBinsDiscretizer(3, encode="ordinal"), ["gapped"]), ("rest", "passthrough", ["small"])],
        )
    )  # fmt: skip


DATED = FRAME[["small", "word", "day"]].assign(
    gapped=DAYS.mask(IS_GAP), span=pd.Series(pd.to_timedelta(CODES, "h"))
)


def days_of_polars() -> Any:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ridge(
        ColumnTransformer(
            [("known", encoder, ["day"]), ("means", TargetEncoder(random_state=0), ["gapped"]),
             ("counted", StandardScaler(), ["gapped"]), ("rest", StandardScaler(), ["small"])]
        )
    )  # fmt: skip


def one_hot(*names: Any) -> Any:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ridge(ColumnTransformer([("o", encoder, list(names))]))


OBJECTS = pd.DataFrame({"flag": objects(gaps(CODES > 1)), "whole": objects(CODES.tolist())})


def by_kind() -> Any:
    numbers = (StandardScaler(), make_column_selector(dtype_include=np.number))
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    texts = (encoder, make_column_selector(dtype_exclude=[np.number, np.bool_]))
    return ridge(make_column_transformer(numbers, texts, remainder="passthrough"))


NUMBERED = pd.DataFrame({0: CODES, 1: WORDS, 2: SHARES})


def by_number() -> Any:
    return ridge(ColumnTransformer([("n", StandardScaler(), [0, 2]), ("o", OneHotEncoder(), [1])]))


PIPELINES: dict[str, tuple[Callable[[], Any], Any]] = {
    "pandas": (lambda: ridge(columns("level", "word", "day")), FRAME),
    "pandas out": (lambda: named_out("pandas", "level", "code"), FRAME),
    "polars out of pandas": (lambda: named_out("polars", "level", "code"), FRAME),
    "truths filled": (truths_filled, FRAME),
    "selector": (lambda: ridge(by_type()), FRAME[["small", "level", "word", "flag"]]),
    "targets": (
        lambda: make_pipeline(TargetEncoder(random_state=0), LinearRegression()),
        FRAME[["level", "code", "day"]],
    ),
    "dates": (of_dates, DATED),
    "truths as objects": (lambda: one_hot("flag", "whole"), OBJECTS),
    "means of objects": (
        lambda: make_pipeline(TargetEncoder(random_state=0), LinearRegression()),
        pd.DataFrame(
            {"share": objects(gaps(CODES * 0.5)), "whole": CODES, "half": np.where(IS_GAP, np.nan, 0.5)}
        ),
    ),
    "truths with nulls": (lambda: one_hot("flag"), POLAR.with_columns(flag=pl.Series(gaps(CODES > 1)))),
    "numbers beside text": (lambda: one_hot("word", "whole", "share"), POLAR),
    "selected by kind": (by_kind, FRAME[["small", "share", "word", "flag"]].dropna(subset="share")),
    "numbered": (by_number, NUMBERED),
    "days of polars": (
        days_of_polars,
        POLAR[["small"]].with_columns(
            day=pl.Series(DAYS.dt.date.tolist()), gapped=pl.Series(gaps(DAYS.dt.date))
        ),
    ),
    "boosting": (
        lambda: boosting(categorical_features="from_dtype"),
        FRAME[["small", "whole", "share", "level", "code", "flag"]],
    ),
    "boosting by name": (
        lambda: boosting(categorical_features=["code", "level"]),
        FRAME[["code", "share", "level"]],
    ),
    "polars": (lambda: ridge(columns("level", "word")), POLAR),
    "polars out": (lambda: named_out("polars", "level", "word"), POLAR),
    "polars boosting": (
        lambda: boosting(categorical_features="from_dtype"),
        POLAR[["small", "whole", "share", "level", "flag"]],
    ),
    "None filled": (lambda: filled(None), POLAR),
    "NA filled": (lambda: filled(pd.NA), FRAME),
}
if not READS_POLARS:
    PIPELINES = {name: case for name, case in PIPELINES.items() if isinstance(case[1], pd.DataFrame)}


def in_single(rows: Any) -> Any:
    """The rows with their floats in float32, as the graph gets them under ``--dtype float32``."""
    if isinstance(rows, pl.DataFrame):
        return rows.with_columns(pl.selectors.float().cast(pl.Float32))
    return rows.astype({c: np.float32 for c in rows if str(rows[c].dtype).lower() in ("float64", "int64")})


@pytest.mark.parametrize("dtype", ["native", "float32"])
@pytest.mark.parametrize("name", PIPELINES)
def test_pipelines_on_frames_answer_alike(name: str, dtype: str) -> None:
    make, rows = PIPELINES[name]
    estimator = make().fit(rows, TARGET[: len(rows)])
    model = onnxpipe.convert(estimator, sample=rows, dtype=dtype)
    if dtype == "native":
        assert_equal(estimator, rows, model)
        return
    (expected,) = native(estimator, in_single(rows)).values()
    (found,) = onnxpipe.load(model)(rows).values()
    np.testing.assert_allclose(found.astype(float), expected.astype(float), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", PIPELINES)
def test_the_judge_asks_the_original_as_it_was_fitted(name: str) -> None:
    make, rows = PIPELINES[name]
    estimator = make().fit(rows, TARGET[: len(rows)])
    report = onnxpipe.verify(onnxpipe.convert(estimator, sample=rows), estimator, rows, rows=120)
    assert report, report


@pytest.mark.parametrize("rows", [FRAME, pytest.param(POLAR, marks=NEEDS_POLARS)], ids=["pandas", "polars"])
def test_the_order_of_the_callers_columns_does_not_matter(rows: Any) -> None:
    texts = ("level", "word")
    estimator = ridge(columns(*texts)).fit(rows, TARGET)
    other = rows[list(rows.columns)[::-1]]
    more = other.with_columns(new=pl.lit("x")) if isinstance(rows, pl.DataFrame) else other.assign(new="x")
    first, second = (onnxpipe.convert(estimator, sample=sample) for sample in (rows, more))
    assert first.SerializeToString() == second.SerializeToString()
    predict = onnxpipe.load(first)
    assert np.array_equal(predict(more)["predict"], predict(rows)["predict"])
    np.testing.assert_equal(onnxpipe.feeds(first, more), onnxpipe.feeds(first, rows))


def tables(folder: Path) -> dict[str, Any]:
    """The same rows in every kind of table and file."""
    rows = POLAR.drop("level")
    plain = {name: rows[name].to_list() for name in rows.columns}
    rows.write_csv(folder / "t.csv")
    rows.write_parquet(folder / "t.parquet")
    rows.write_ndjson(folder / "t.jsonl")
    frame = pd.DataFrame(
        {"word": pd.array(plain["word"], dtype="str"), **{n: plain[n] for n in [*NUMBERS, "flag"]}}
    )
    return {
        "polars": rows, "arrow": rows.to_arrow(), "lists": plain, "pandas": frame,
        "nullable": frame.convert_dtypes(), "pyarrow-backed": frame.convert_dtypes(dtype_backend="pyarrow"),
        "series": {name: frame[name] for name in frame},
        **{path.suffix[1:]: path for path in sorted(folder.iterdir())},
    }  # fmt: skip


@pytest.mark.slow
@NEEDS_POLARS
def test_every_kind_of_table_gives_the_same_answers(tmp_path: Path) -> None:
    estimator = ridge(columns("word")).fit(POLAR, TARGET)
    expected = estimator.predict(POLAR)
    model = onnxpipe.convert(estimator, sample=POLAR)
    for name, table in tables(tmp_path).items():
        own = onnxpipe.convert(estimator, sample=table)
        assert [v.name for v in own.graph.input] == [v.name for v in model.graph.input], name
        report = onnxpipe.verify(model, estimator, table, rows=0)
        assert report, name
        if not isinstance(table, Path):
            np.testing.assert_allclose(onnxpipe.load(model)(table)["predict"], expected, rtol=1e-9)
            np.testing.assert_allclose(onnxpipe.load(own)(table)["predict"], expected, rtol=1e-9)


def test_text_that_looks_like_numbers_stays_text(tmp_path: Path) -> None:
    rows = pd.DataFrame({"zip": ["01234", "98765", "01234"]}, dtype="str")
    estimator = OneHotEncoder(sparse_output=False).fit(rows)
    rows.to_csv(tmp_path / "t.csv", index=False)
    assert onnxpipe.verify(onnxpipe.convert(estimator), estimator, tmp_path / "t.csv", rows=0)


def test_dates_in_a_csv_file_are_read_as_dates(tmp_path: Path) -> None:
    rows = pd.DataFrame({"day": DAYS})
    estimator = OneHotEncoder(sparse_output=False).fit(rows)
    rows.to_csv(tmp_path / "t.csv", index=False)
    model = onnxpipe.convert(estimator, sample=tmp_path / "t.csv")
    assert onnxpipe.verify(model, estimator, tmp_path / "t.csv", rows=0)
    assert (
        str(onnxpipe.load(model).signature.inputs[0])
        == f"day: int64[N, 1] of {estimator.categories_[0].dtype}"
    )


def test_dates_in_another_unit_are_converted() -> None:
    rows = pd.DataFrame({"day": DAYS})
    predict = onnxpipe.load(onnxpipe.convert(StandardScaler().fit(rows), sample=rows))
    other = pd.DataFrame({"day": DAYS.astype("datetime64[s]")})
    assert np.array_equal(predict(other)["transform"], predict(rows)["transform"])
    with pytest.raises(BadInput, match="as the graph wants"):
        predict(pd.DataFrame({"day": ["soon"] * 3}))


def test_dates_in_a_csv_file_are_counted_as_the_user_says(tmp_path: Path) -> None:
    rows = pd.DataFrame({"day": DAYS})
    estimator = make_pipeline(ColumnTransformer([("s", StandardScaler(), ["day"])]), Ridge())
    estimator.fit(rows, TARGET)
    rows.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(BadInput, match="text column") as refused:
        onnxpipe.convert(estimator, sample=tmp_path / "t.csv")
    assert "datetime64[us]" in refused.value.remedy
    model = onnxpipe.convert(estimator, sample=tmp_path / "t.csv", inputs={"day": (str(DAYS.dtype), None)})
    assert onnxpipe.verify(model, estimator, tmp_path / "t.csv", rows=50)
    assert_equal(estimator, rows, model)


DAY, GAPPED = DAYS.dt.date.tolist(), gaps(DAYS.dt.date)
IN_DAYS = pl.DataFrame({"day": DAY, "share": SHARES, "word": WORDS.tolist()})


@pytest.mark.parametrize(
    ("step", "names", "rows", "said"),
    [
        (StandardScaler(), ["day", "share"], IN_DAYS, "in one matrix with other columns"),
        (OneHotEncoder(), ["day", "share"], IN_DAYS, "polars makes numbers of dates"),
        (OneHotEncoder(), ["day", "word"], IN_DAYS, "a step of their own"),
        (StandardScaler(), ["day", "other"],
         pl.DataFrame({"day": DAY, "other": DAYS.dt.to_pydatetime().tolist()}), "in one matrix"),
        (OrdinalEncoder(), ["day"], pd.DataFrame({"day": objects(DAY)}), "datetime.date objects"),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder()), ["day", "share"],
         pd.DataFrame({"day": DAYS.astype("category"), "share": SHARES}), "gets dates"),
    ],
)  # fmt: skip
def test_dates_that_no_graph_can_tell_are_refused_with_the_way_out(
    step: Any, names: list[str], rows: Any, said: str
) -> None:
    if isinstance(rows, pl.DataFrame) and not READS_POLARS:
        pytest.skip("scikit-learn before 1.9 doesn't read polars 2")
    estimator = ColumnTransformer([("step", step, names)]).fit(rows)
    with pytest.raises(Refusal) as refused:
        onnxpipe.convert(estimator, sample=rows)
    assert said in f"{refused.value.what} {refused.value.remedy} {refused.value}"


def test_numbered_columns_go_by_their_numbers() -> None:
    estimator = by_number().fit(NUMBERED, TARGET)
    predict = onnxpipe.load(onnxpipe.convert(estimator, sample=NUMBERED))
    shuffled = NUMBERED[[2, 0, 1]]
    assert np.array_equal(predict(shuffled)["predict"], predict(NUMBERED)["predict"])


def test_a_matrix_is_served_from_as_many_columns_of_any_name() -> None:
    rows = NUMBERED.rename(columns={0: "a", 1: "b", 2: "c"})
    estimator = by_number().fit(NUMBERED.to_numpy(object), TARGET)
    assert onnxpipe.verify(onnxpipe.convert(estimator, sample=rows), estimator, rows, rows=0)


def test_a_column_with_the_empty_name_is_refused() -> None:
    rows = pd.DataFrame({"": CODES})
    with pytest.raises(BadInput, match="empty text"):
        onnxpipe.convert(StandardScaler().fit(rows), sample=rows)


def test_text_where_an_imputer_was_fitted_on_numbers_is_named() -> None:
    rows = pd.DataFrame({"share": SHARES})
    with pytest.raises(BadInput, match="share arrive where numbers are needed"):
        onnxpipe.convert(SimpleImputer().fit(rows), sample=pd.DataFrame({"share": ["a", None]}))


def test_dates_as_labels_are_refused() -> None:
    estimator = DecisionTreeClassifier().fit(CODES[:, None], DAYS)
    with pytest.raises(BadInput, match="among the labels"):
        onnxpipe.convert(estimator)
