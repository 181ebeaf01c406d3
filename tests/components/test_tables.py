"""Components for tables answer as pandas and Python do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onnxpipe
from onnxpipe.errors import OnnxpipeError
from tests.components.test_components import answers
from tests.graphs import graph, run

MOMENTS = pd.Series(
    ["1970-01-01", "1969-12-31 23:59:59", "2000-02-29 12:00:01", "1900-03-01", "2024-12-31T23:59:58.5",
     "1677-09-22", "2262-04-11 23:47", "2023-01-01", "2100-02-28 06:07:08"]
)  # fmt: skip
PARTS = ("year", "month", "day", "hour", "minute", "second", "dayofweek", "dayofyear", "quarter")


@pytest.mark.parametrize("unit", ["text", "s", "ms", "us", "ns", "D"])
def test_dates(unit: str) -> None:
    native = pd.to_datetime(MOMENTS, format="ISO8601").dt.as_unit("ns")
    values: Any = MOMENTS.to_numpy(object)
    if unit != "text":
        values = native.to_numpy().astype(f"datetime64[{unit}]").astype(np.int64)
        native = pd.Series(values.astype(f"datetime64[{unit}]"))
    got = answers("date_parts", values[:, None], width=1, **({} if unit == "text" else {"unit": unit}))
    for part in PARTS:
        np.testing.assert_array_equal(got[part][:, 0], getattr(native.dt, part), part)
    assert answers("date_parts", values[:0, None], width=1, unit="s", parts="year")["year"].shape == (0, 1)


@pytest.mark.parametrize(
    "text", ["2023-02-29", "", "2023-13-01", "2023-1-1", "2023-01-01 24:00", "x2023-01-01"]
)
def test_no_dates(text: str) -> None:
    with pytest.raises(Exception, match="out of data bounds"):
        answers("date_parts", np.array(["2023-01-01", text], object)[:, None], width=1, parts="year")


def test_missing_dates() -> None:
    with pytest.raises(Exception, match="out of data bounds"):
        answers("date_parts", np.array([[np.iinfo(np.int64).min]]), width=1, unit="ns")


TABLE = pd.DataFrame(
    {
        "age": [31.0, np.nan, 17.0, 64.0],
        "income": [10.0, 20.0, -1.5, 0.0],
        "city": ["Oslo", "", "Bergen", "oslo"],
    }
)
FEEDS: dict[str, Any] = {
    str(name): TABLE[[name]].to_numpy(object if name == "city" else "f8") for name in TABLE
}


def test_expressions(tmp_path: Path) -> None:
    (tmp_path / "columns.sql").write_text(
        "income / 2 AS half, nanvl(age, 40) * 2 AS twice, lower(city) AS town,\n"
        "CASE WHEN age >= 18 THEN 1 ELSE 0 END AS adult, least(income, 5) AS capped, income"
    )
    model = onnxpipe.stitch([f"sql:file={tmp_path / 'columns.sql'}"])
    assert sorted(port.name for port in model.graph.input) == ["age", "city", "income_in"]
    got = run(model, {**FEEDS, "income_in": FEEDS["income"]})
    assert list(got) == ["half", "twice", "town", "adult", "capped", "income"]
    np.testing.assert_array_equal(got["half"][:, 0], TABLE.income / 2)
    np.testing.assert_array_equal(got["twice"][:, 0], TABLE.age.fillna(40) * 2)
    assert got["town"][:, 0].tolist() == TABLE.city.str.lower().tolist()
    # Spark sorts NaN above every number.
    np.testing.assert_array_equal(got["adult"][:, 0], ((TABLE.age >= 18) | TABLE.age.isna()).astype(int))
    np.testing.assert_array_equal(got["capped"][:, 0], TABLE.income.clip(upper=5))


def test_types_of_columns() -> None:
    model = onnxpipe.stitch(["sql:select=n + 1 AS more,types=n:int64"])
    got = run(model, {"n": np.array([[2**60], [-3]])})["more"]
    assert got.dtype == np.int64 and got[:, 0].tolist() == [2**60 + 1, -2]


def test_a_table_goes_through(tmp_path: Path) -> None:
    table = graph(
        "g (double[N, 1] a, double[N] b) => (double[N, 1] x, double[N] y) { x = Neg(a) y = Exp(b) }"
    )
    (tmp_path / "z.sql").write_text("SELECT *, x * y AS z FROM __THIS__;")
    parts = [table, f"sql:file={tmp_path / 'z.sql'}", "select:columns=z|x", "assemble:dtype=float64"]
    a, b = np.array([[1.0], [2.0]]), np.array([0.0, 1.0])
    got = run(onnxpipe.stitch(parts), {"a": a, "b": b})
    np.testing.assert_allclose(got["X"], np.stack([-a[:, 0] * np.exp(b), -a[:, 0]], 1), rtol=1e-12)


@pytest.mark.parametrize("values", [["b", "", "a"], [2, 3, 1]])
def test_one_column_for_each_class(values: list[Any]) -> None:
    x = np.array(values, object if isinstance(values[0], str) else None)
    classes: list[Any] = ["a", "b"] if isinstance(values[0], str) else [1, 2]
    native = pd.get_dummies(pd.Categorical(values, categories=classes))
    for given in (classes, "|".join(map(str, classes))):
        got = answers("onehot", x[:, None], width=1, classes=given)["encoded"]
        np.testing.assert_array_equal(got, native)
    assert answers("onehot", x[:0, None], width=1, classes=classes)["encoded"].shape == (0, 2)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("sql:select=a * 2", "without a name"),
        ("sql:select=soundex(a) AS b", "isn't among what is converted"),
        ("sql:select=a +", "can't be read"),
        ("sql", "it needs select="),
        ("sql:file=nowhere.sql", "can't be read"),
        ("sql:select=a + 1 AS b,types=c:int64", "types names c"),
        ("onehot:classes=a|a", "twice"),
        ("onehot", "needs classes"),
        ("date_parts:parts=yaer", "Is it year"),
        ("select:columns=nothing", "there is no nothing"),
        ("assemble", "is text"),
    ],
)
def test_what_is_refused(part: str, says: str) -> None:
    text = graph("g (string[N, 1] value) => (string[N, 1] a) { a = Identity(value) }")
    parts = [part] if part.startswith("sql") else [text, part]
    with pytest.raises(OnnxpipeError) as caught:
        onnxpipe.stitch(parts)
    assert says in str(caught.value)
