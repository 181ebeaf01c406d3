"""Outputs that float32 went into are held to what float32 can tell, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import spox
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from onnxpipe.check.compare import Tolerance
from onnxpipe.check.precision import fitting, rounded
from onnxpipe.core import loops
from onnxpipe.core.ops import Tensor, argument, op
from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests.cases.sklearn_sparse_coding import coder
from tests.datasets import load
from tests.rigs.sklearn import in_dtype

LOGARITHM = FunctionTransformer(np.log1p)


@pytest.mark.parametrize(
    ("estimator", "dtype", "outputs"),
    [
        (make_pipeline(LOGARITHM, LogisticRegression()), "float32", {"predict_proba"}),
        (make_pipeline(LOGARITHM, LogisticRegression()), "native", set()),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            "float32",
            set(),
        ),  # differences and quotients
        (make_pipeline(LOGARITHM, RandomForestRegressor(2)), "float32", set()),  # a leaf or another
        (HistGradientBoostingClassifier(max_iter=2), "float32", set()),
        (LOGARITHM, "float32", set()),  # answers in float32
        (coder("lars", transform_n_nonzero_coefs=2), "float32", {"transform"}),  # in the body of a loop
        (coder("lars", transform_n_nonzero_coefs=2), "native", set()),
    ],
    ids=str,
)
def test_which_outputs_were_rounded(estimator: Any, dtype: str, outputs: set[str]) -> None:
    rows, target = load("positive")
    fitted = estimator.fit(rows, target)
    model = conversion(fitted, Options(dtype=dtype), sample={"X": in_dtype(rows, dtype)}).model
    assert rounded(model) == outputs
    limits = fitting({"": Tolerance(atol=0.5)}, model)
    assert limits == {"": Tolerance(atol=0.5), **dict.fromkeys(outputs, Tolerance(1e-5, 0.5))}


def test_a_graph_that_rounds_what_it_gets_is_held_to_float64() -> None:
    x = argument(Tensor(np.float64, ("N", 2)))
    narrow = op.cast(op.log(op.cast(x, to=np.float32)), to=np.float64)
    assert not rounded(spox.build({"X": x}, {"transform": narrow}))


def test_a_loop_in_float64_rounds_nothing_in_float32() -> None:
    x = argument(Tensor(np.float32, ("N", 2)))
    wide = op.cast(x, to=np.float64)
    added = loops.fold(
        op.reduce_sum(wide, keepdims=0), [wide], lambda total, row: total + op.reduce_sum(row, keepdims=0)
    )
    assert not rounded(spox.build({"X": x}, {"transform": added}))
    narrow = loops.fold(op.reduce_sum(x, keepdims=0), [x], lambda total, row: op.exp(total))
    assert rounded(spox.build({"X": x}, {"transform": op.cast(narrow, to=np.float64)})) == {"transform"}
