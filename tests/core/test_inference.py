"""Types of nodes are asked for once, and are those that spox itself finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import IterativeImputer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, SplineTransformer
from spox._standard import StandardNode

import onnxpipe
from onnxpipe.core import inference
from onnxpipe.core.ops import Tensor, argument, const, op, shape_of

ROWS = np.random.default_rng(0).normal(size=(40, 3))
TEXTS = ["the cat sat", "The dog", "a DOG sat", "cats and dogs"]
GAPS = np.where(ROWS > 1, np.nan, ROWS)
BINNED = make_pipeline(KBinsDiscretizer(3, encode="onehot-dense"), KNeighborsClassifier())
FITTED = [
    TfidfVectorizer(strip_accents="unicode", ngram_range=(1, 2)).fit(TEXTS),
    IterativeImputer(max_iter=3, random_state=0).fit(GAPS),
    BINNED.fit(ROWS, ROWS[:, 0] > 0),
    SplineTransformer(extrapolation="periodic").fit(ROWS),
]


@pytest.mark.parametrize("estimator", FITTED, ids=lambda each: type(each).__name__)
def test_graphs_are_those_of_types_asked_for_one_by_one(
    estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered = [onnxpipe.convert(estimator).SerializeToString() for _ in range(2)]
    monkeypatch.setattr(StandardNode, "infer_output_types_onnx", inference._infer)
    assert remembered == [onnxpipe.convert(estimator).SerializeToString()] * 2


def test_a_graph_made_again_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    onnxpipe.convert(FITTED[1])
    monkeypatch.setattr(inference, "_infer", lambda *_: pytest.fail("asked again"))
    onnxpipe.convert(FITTED[1])


def test_what_constants_hold_is_told_apart_where_it_matters() -> None:
    x = argument(Tensor(np.float64, ("N", 6)))
    shapes = [shape_of(op.reshape(x, const([-1, width]))) for width in (2, 3, 2)]
    assert [shape[1] for shape in shapes] == [2, 3, 2]
    assert [shape_of(op.tile(x, const([1, times])))[1] for times in (2, 5)] == [12, 30]
    assert [shape_of(op.slice(x, const([0]), const([end]), const([1])))[1] for end in (2, 4)] == [2, 4]
    wide = argument(Tensor(np.float64, ("N", 200)))
    taken = [shape_of(op.gather(wide, const(range(n)), axis=1))[1] for n in (3, 150)]
    assert taken == [3, 150]
