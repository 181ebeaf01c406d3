"""What linear models saved by older versions answer, and how small a probability may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

import onnxpipe
from tests import datasets
from tests.harness import open_session


def probabilities(estimator: Any, rows: Any) -> Any:
    session = open_session(onnxpipe.convert(estimator, outputs=("predict_proba",)))
    return session.run(None, {"X": rows})[0]


@pytest.mark.parametrize(
    ("option", "solver", "release"),
    [("ovr", "lbfgs", "1.7.0"), ("auto", "liblinear", "1.7.0"), ("deprecated", "newton-cholesky", "1.5.2")],
)
def test_one_vs_rest_until_1_7(option: str, solver: str, release: str) -> None:
    rows, target = datasets.load("classes")
    estimator = LogisticRegression().fit(rows, target)
    estimator.multi_class, estimator.solver = option, solver
    estimator.__class__ = Saved
    estimator.release = release
    each = expit(estimator.decision_function(rows))
    np.testing.assert_allclose(
        probabilities(estimator, rows), each / each.sum(axis=1, keepdims=True), rtol=1e-12
    )


class Saved(LogisticRegression):
    """A LogisticRegression that is saved under another version's name."""

    def __reduce__(self) -> Any:
        state = {**self.__dict__, "_sklearn_version": self.__dict__["release"]}
        return (LogisticRegression, (), state)


def test_newton_cholesky_is_multinomial_since_1_6() -> None:
    rows, target = datasets.load("classes")
    estimator = LogisticRegression(solver="newton-cholesky").fit(rows, target)
    estimator.multi_class = "deprecated"
    np.testing.assert_allclose(probabilities(estimator, rows), estimator.predict_proba(rows), rtol=1e-9)


def test_two_classes_fitted_multinomially_have_opposite_scores() -> None:
    rows, target = datasets.load("binary")
    estimator = LogisticRegression().fit(rows, target)
    estimator.multi_class = "multinomial"
    scores = estimator.decision_function(rows)
    expected = softmax(np.stack([-scores, scores], axis=1), axis=1)
    np.testing.assert_allclose(probabilities(estimator, rows), expected, rtol=1e-12)


@pytest.mark.parametrize(("dtype", "rtol", "lowest"), [("float64", 1e-14, -740.0), ("float32", 1e-5, -86.0)])
def test_tiny_probabilities_keep_their_relative_accuracy(dtype: str, rtol: float, lowest: float) -> None:
    rows = np.linspace(lowest, 800.0, 4001)[:, None].astype(dtype)
    estimator = LogisticRegression().fit(np.array([[0.0], [1.0]], dtype), [0, 1])
    estimator.coef_, estimator.intercept_ = np.ones((1, 1), dtype), np.zeros(1, dtype)
    session = open_session(onnxpipe.convert(estimator, outputs=("predict_proba",), dtype=dtype))
    got = session.run(None, {"X": rows})[0]
    assert got.dtype == dtype
    likely = rows[:, 0] > (-708 if dtype == "float64" else -86)  # below, numbers are subnormal
    np.testing.assert_allclose(got[likely, 1], expit(rows[likely, 0]), rtol=rtol)
    rounding = 2 * np.finfo(dtype).eps
    np.testing.assert_allclose(got, estimator.predict_proba(rows), rtol=rtol, atol=rounding)
