"""What conversion once raised a false alarm on, as ``tests.sweep`` tries every row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from onnxpipe.services.natives import native
from tests.harness import Case
from tests.inhouse import Inhouse
from tests.sweep import outcome

FOUND = [
    # float32's logarithm inside a float64 answer
    (make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()), "positive", "float32"),
    # integers without a sign
    (StandardScaler(), "narrow_frame", "native"),
    # cosines of angles of which rounding leaves nothing
    (RBFSampler(n_components=4, random_state=0), "numeric", "float32"),
]


@pytest.mark.parametrize(("estimator", "data", "dtype"), FOUND, ids=str)
def test_no_false_alarm(estimator: object, data: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "Process", Inhouse)
    found = outcome(Case(estimator, data=data), dtype)
    assert found.verdict == "EQUAL", found.told
