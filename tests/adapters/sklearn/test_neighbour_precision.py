"""Distances by brute force, whose formula and precision hang on the types of rows and points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsTransformer

import onnxpipe
from tests.harness import open_session

POINTS, ROWS = np.split(np.random.default_rng(3).normal(size=(120, 4)), [80])
SEARCHED = ("euclidean", "l2", "cityblock", "chebyshev", "minkowski", "seuclidean", "canberra", "braycurtis")
SCIPY_S = ("sqeuclidean", "correlation")


def both(metric: str, points: Any, rows: Any, **options: Any) -> tuple[Any, Any]:
    """The transformed rows by scikit-learn and by the graph."""
    fitted = KNeighborsTransformer(metric=metric, algorithm="brute", **options).fit(POINTS.astype(points))
    x = ROWS.astype(rows)
    session = open_session(onnxpipe.convert(fitted, inputs={"X": (str(x.dtype), (None, 4))}))
    return fitted.transform(x).toarray(), session.run(None, {"X": x})[0]


@pytest.mark.parametrize("rows", [np.float64, np.float32])
@pytest.mark.parametrize("points", [np.float64, np.float32])
@pytest.mark.parametrize("metric", [*SEARCHED, *SCIPY_S])
def test_distances_are_native_s_in_any_mixture_of_types(metric: str, points: Any, rows: Any) -> None:
    options = {"metric_params": {"V": np.array([1.0, 2, 3, 4])}} if metric == "seuclidean" else {"p": 3}
    native, graph = both(metric, points, rows, **options)
    assert native.dtype == graph.dtype == np.float64
    assert np.allclose(native, graph, rtol=1e-12, atol=0)


@pytest.mark.parametrize("metric", ["cosine", "nan_euclidean"])
def test_some_metrics_answer_in_the_type_of_rows_and_points(metric: str) -> None:
    native, graph = both(metric, np.float32, np.float32)
    assert native.dtype == graph.dtype == np.float32
    assert np.allclose(native, graph, rtol=0, atol=1e-6)
    assert both(metric, np.float32, np.float64)[1].dtype == np.float64
