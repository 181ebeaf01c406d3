"""Tables as wide and labels as many as the small rows of the case tables aren't."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from onnxpipe import convert
from tests.graphs import run

MANY = 1_000
RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(2 * MANY, 3))
LABELS = np.array([f"class {i % MANY}" for i in range(2 * MANY)])
WIDE = RNG.normal(size=(30, 10_000))


@pytest.mark.parametrize("model", [DecisionTreeClassifier(), GaussianNB(), KNeighborsClassifier(1)], ids=str)
def test_a_thousand_classes(model: BaseEstimator) -> None:
    fitted = model.fit(POINTS, LABELS)
    got = run(convert(fitted), {"X": POINTS[:300]})
    assert np.array_equal(got["predict"], fitted.predict(POINTS[:300]))
    assert np.allclose(got["predict_proba"], fitted.predict_proba(POINTS[:300]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_ten_thousand_columns(bad: float) -> None:
    fitted = make_pipeline(StandardScaler(), VarianceThreshold(), PCA(3), RidgeClassifier())
    fitted.fit(WIDE, np.arange(30) % 3)
    model = convert(fitted, outputs=["predict", "decision_function"])
    got = run(model, {"X": WIDE})
    assert np.array_equal(got["predict"], fitted.predict(WIDE))
    assert np.allclose(got["decision_function"], fitted.decision_function(WIDE), rtol=1e-9, atol=1e-12)
    spoilt = WIDE.copy()
    spoilt[29, 9_999] = bad
    with pytest.raises(Exception, match="out of data bounds"):
        run(model, {"X": spoilt})
