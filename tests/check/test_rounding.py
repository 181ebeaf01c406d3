"""What rounding inside the original decides is a tie; what it can't decide is a fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, StackingRegressor
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

import onnxpipe
from onnxpipe.check import moves
from onnxpipe.check.compare import compare
from tests.faults.planting import Fault, at, attribute, planted, up

pytestmark = pytest.mark.usefixtures("inhouse")

ROWS = np.random.default_rng(0).normal(size=(150, 4)) * [1, 10, 0.1, 3]
TARGET = np.sin(ROWS[:, 0]) + ROWS[:, 1]


def tree() -> DecisionTreeRegressor:
    return DecisionTreeRegressor(max_depth=3, random_state=0)


def shifted(share: float) -> Any:
    return lambda value: value * (1 + share)


def with_split(pipeline: Any, change: Any) -> Any:
    """The pipeline's model with the first split of its tree changed."""
    plant = attribute("Pipeline/decisiontreeregressor", "TreeEnsemble", "nodes_splits", at(0, change))
    return planted(Fault("", "", "", "", plant), onnxpipe.convert(pipeline))


@pytest.mark.parametrize("before", [StandardScaler(), FunctionTransformer(np.square)], ids=str)
def test_a_split_one_ulp_off_is_found_behind_what_is_exact(before: Any) -> None:
    pipeline = make_pipeline(before, tree()).fit(ROWS, TARGET)
    assert onnxpipe.verify(onnxpipe.convert(pipeline), pipeline, {"X": ROWS})
    assert not onnxpipe.verify(with_split(pipeline, lambda v: up(np.float32(v))), pipeline, {"X": ROWS})


@pytest.mark.parametrize("before", [PCA(3), FunctionTransformer(np.cbrt)], ids=str)
@pytest.mark.parametrize("share", [1e-6, -1e-6])
def test_a_split_further_off_is_found_behind_what_rounds(before: Any, share: float) -> None:
    pipeline = make_pipeline(before, tree()).fit(ROWS, TARGET)
    report = onnxpipe.verify(with_split(pipeline, shifted(share)), pipeline, {"X": ROWS})
    assert not report
    assert report.culprit is not None and report.culprit.path == "Pipeline/decisiontreeregressor"


@pytest.mark.parametrize(
    "pipeline",
    [
        make_pipeline(FunctionTransformer(np.exp2), tree()),
        make_pipeline(FunctionTransformer(np.tanh), KBinsDiscretizer(4, encode="ordinal")),
        make_pipeline(PCA(2), RandomForestClassifier(5, max_depth=3, random_state=0)),
        MultiOutputRegressor(
            StackingRegressor([("a", Ridge())], GradientBoostingRegressor(n_estimators=3), cv=2)
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["native", "float32"])
def test_rounding_before_a_split_is_no_fault(pipeline: Any, dtype: str) -> None:
    target = np.stack([TARGET, -TARGET], axis=1) if isinstance(pipeline, MultiOutputRegressor) else TARGET
    labels = isinstance(pipeline[-1], RandomForestClassifier) if hasattr(pipeline, "steps") else False
    pipeline.fit(ROWS, (TARGET > 0).astype(int) if labels else target)
    rows = ROWS.astype(np.float32 if dtype == "float32" else np.float64)
    report = onnxpipe.verify(onnxpipe.convert(pipeline, dtype=dtype), pipeline, {"X": rows})
    assert report, str(report)


TIED = [
    (np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.5, 3.0]), np.array([[1.0, 1.2], [2.0, 2.0], [3.0, 3.0]])),
    (np.array(["a", "b"], object), np.array(["b", "a"], object), np.array([["a", "b"], ["b", "b"]], object)),
]


@pytest.mark.parametrize(("native", "graph", "moved"), TIED)
def test_an_answer_is_a_tie_where_native_moves_as_far(native: Any, graph: Any, moved: Any) -> None:
    found = moves.ties({"predict": native}, {"predict": graph}, {}, lambda places: {"predict": moved[places]})
    (verdict,) = compare({"predict": native}, {"predict": graph}, moved=found)
    assert verdict.ties == 1 and verdict.rows_at_fault == (1,)
