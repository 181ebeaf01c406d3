"""Refusals at the end of a stage: what drops an axis there refuses, and nothing else is left of the check."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from onnxpipe import convert
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


def test_a_refusal_stays_in_its_stage() -> None:
    """The check of a stage before isn't left to one that comes after."""
    model = convert(make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y))
    stages = {node.op_type: node.metadata_props[0].value for node in model.graph.node}
    assert stages["IsNaN"] == "Pipeline/linearregression"
    assert all(node.metadata_props[0].value for node in model.graph.node)
