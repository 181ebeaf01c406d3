"""Refusals at the end of a stage: what drops an axis there refuses, and nothing else is left of the check."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import spox
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import BaggingRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from onnxpipe import convert
from onnxpipe.core.guards import index_of_refused, refusing
from onnxpipe.core.ops import Tensor, argument, const, op
from onnxpipe.core.passes.refusals import sunk
from onnxpipe.core.table import Check
from tests.graphs import run

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X @ [1.0, -2.0, 0.5]


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize("width", [1, 3, 12, 700])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_value_in_any_row_is_refused(bad: float, count: int, width: int, dtype: str) -> None:
    x = np.random.default_rng(1).normal(size=(count, width)).astype(dtype)
    model = convert(LinearRegression().fit(np.resize(x, (5, width)), np.arange(5.0)), dtype=dtype)
    assert len(run(model, {"X": x})["predict"]) == count
    x[-1, -1] = bad
    with pytest.raises(Exception, match="out of data bounds"):
        run(model, {"X": x})


def test_numbers_that_are_only_large_pass() -> None:
    model = convert(LinearRegression().fit(X, Y))
    with np.errstate(over="ignore"):
        assert np.isinf(run(model, {"X": np.array([[1.7e308, -1.7e308, 0]])})["predict"][0])


def test_a_regressor_refuses_where_it_drops_an_axis() -> None:
    linear, tree = (convert(each.fit(X, Y)) for each in (LinearRegression(), DecisionTreeRegressor()))
    assert sorted(operators(linear)) == ["Cast", "Gather", "Gemm", "IsNaN", "Mul", "ReduceSum"]
    assert operators(tree).count("Reshape") == 1
    assert "Squeeze" not in operators(tree)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("count", [1, 300])
@pytest.mark.parametrize("width", [1, 3, 700])
@pytest.mark.parametrize("scale", [1.0, 0.0, 1e280])
def test_rows_of_float32_are_checked_by_their_float64_answers(
    bad: float, count: int, width: int, scale: float
) -> None:
    """The sum of the answers tells, unless it might overflow: then the rows tell."""
    x = np.random.default_rng(1).normal(size=(count, width)).astype(np.float32)
    fitted = LinearRegression().fit(np.resize(x, (5, width)).astype(float), np.arange(5.0))
    fitted.coef_ = np.full(width, scale)
    model = convert(fitted, dtype="float32")
    if scale < 2:
        assert operators(model)[:6] == ["Cast", "Gemm", "ReduceSum", "Mul", "IsNaN", "Cast"]
    largest = np.where(np.arange(width) == 0, np.finfo(np.float32).max, x).astype(np.float32)
    np.testing.assert_allclose(run(model, {"X": largest})["predict"], fitted.predict(largest), 1e-9)
    x[-1, -1] = bad
    with pytest.raises(Exception, match="out of data bounds"):
        run(model, {"X": x})


def test_a_refusal_stays_in_its_stage() -> None:
    """The check of a stage before isn't left to one that comes after."""
    model = convert(make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y))
    stages = {node.op_type: node.metadata_props[0].value for node in model.graph.node}
    assert stages["IsNaN"] == "Pipeline/linearregression"
    assert all(node.metadata_props[0].value for node in model.graph.node)


def test_a_constant_refuses_where_no_axis_is_dropped() -> None:
    model = convert(LogisticRegression().fit(X, np.digitize(Y, [-1, 1])))
    assert "Reshape" not in operators(model)
    run(model, {"X": X})
    with pytest.raises(Exception, match="out of data bounds"):
        run(model, {"X": np.where(np.arange(40)[:, None] == 7, np.inf, X)})


@pytest.mark.parametrize("last", [PCA(2), StandardScaler(), TruncatedSVD(2), SelectKBest(f_regression, k=2)])
def test_a_last_step_checks_what_comes_in(last: object) -> None:
    """A sum that overflows in it is no reason to refuse a row of numbers."""
    model = convert(make_pipeline(StandardScaler(), last).fit(X, Y))
    assert "Reshape" not in operators(model)
    assert run(model, {"X": X})["transform"].shape[0] == 40
    for bad in (np.inf, -np.inf):
        with pytest.raises(Exception, match="out of data bounds"):
            run(model, {"X": np.where(np.arange(3) == 1, bad, X)})


@pytest.mark.parametrize("read", ["refused", "squeezed"])
def test_what_a_branch_reads_refuses_too(read: str) -> None:
    """Values that graphs inside nodes read stay where they are: a refusal isn't moved past them."""
    x = argument(Tensor(np.float64, ("N", 1)))
    refused = refusing(x, index_of_refused(x, Check.NONFINITE))
    squeezed = op.squeeze(refused, const([1]))
    seen = refused if read == "refused" else squeezed
    (inner,) = op.if_(
        op.greater(op.size(x), const(3)),
        then_branch=lambda: [op.neg(seen)],
        else_branch=lambda: [op.abs(seen)],
    )
    for name, value in {"Stage:Reshape": refused, "Stage:Squeeze": squeezed, "Stage:If": inner}.items():
        value._var_info._rename(name)
    made = sunk({"outer": op.identity(squeezed), "inner": inner})
    for wanted in (["outer"], ["inner"]):
        model = spox.build({"X": x}, {name: made[name] for name in wanted})
        assert len(run(model, {"X": np.ones((4, 1))})[wanted[0]]) == 4
        with pytest.raises(Exception, match="out of data bounds"):
            run(model, {"X": np.full((4, 1), np.nan)})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_imputer_fills_nan_and_refuses_infinities(dtype: str) -> None:
    """In float64 by what it fills with, in float32 behind the operator that fills."""
    model = convert(SimpleImputer().fit(X), dtype=dtype)
    assert ("Reshape" in operators(model), "Imputer" in operators(model)) == 2 * (dtype == "float32",)
    x = np.where(np.arange(40)[:, None] % 3 == np.arange(3), np.nan, X).astype(dtype)
    filled = np.where(np.isnan(x), X.mean(axis=0).astype(dtype), x)
    np.testing.assert_array_equal(run(model, {"X": x})["transform"], filled)
    for bad in (np.inf, -np.inf):
        with pytest.raises(Exception, match="out of data bounds"):
            run(model, {"X": np.where(np.arange(3) == 1, bad, x).astype(dtype)})


def test_columns_that_are_dropped_later_refuse_too() -> None:
    words = np.array([["a", "x"], ["b", "y"]] * 20, object)
    both = make_column_transformer((OrdinalEncoder(), [0]), (OrdinalEncoder(), [1]))
    dropping = make_column_transformer(("drop", [1]), (StandardScaler(), [0]))
    model = convert(make_pipeline(both, dropping).fit(words))
    for count in (40, 1, 0):
        assert run(model, {"X": words[:count]})["transform"].shape == (count, 1)
    with pytest.raises(Exception, match="out of data bounds"):
        run(model, {"X": np.where(words == "y", "z", words).astype(object)})


@pytest.mark.parametrize("last", [DecisionTreeRegressor(max_depth=3), BaggingRegressor(random_state=0)])
def test_what_some_columns_owe_the_others_need_not_pay(last: BaseEstimator) -> None:
    """A projection refuses NaN and leaves the check to what comes after, which allows it in other columns."""
    columns = make_column_transformer((TruncatedSVD(1), [0, 1]), remainder="passthrough")
    pipeline = make_pipeline(columns, last).fit(X, Y)
    model = convert(pipeline)
    for place in range(3):
        x = X[:4].copy()
        x[2, place] = np.nan
        if place < 2:
            with pytest.raises(ValueError, match="NaN"):
                pipeline.predict(x)
            with pytest.raises(Exception, match=r"out of data bounds|invalid index"):
                run(model, {"X": x})
        else:
            np.testing.assert_allclose(run(model, {"X": x})["predict"], pipeline.predict(x))
