"""In which precision older versions of scikit-learn computed, how they chose, what of theirs no graph has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.impute import KNNImputer
from sklearn.manifold import Isomap
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsRestClassifier

import onnxpipe
from onnxpipe.errors import Unsupported
from tests import datasets

ROWS = datasets.load("single")[0]


def answers(estimator: Any, method: str) -> Any:
    return onnxpipe.load(onnxpipe.convert(estimator, outputs=(method,), dtype="float32"))(ROWS)[method]


@pytest.mark.parametrize(("version", "dtype"), [("1.1.3", np.float64), ("1.2.0", np.float32)])
def test_isomap_measures_ways_in(version: str, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    embedding = Isomap(n_neighbors=6).fit(ROWS.astype(np.float64))
    monkeypatch.setattr("sklearn.base.__version__", version)
    found = answers(embedding, "transform")
    wide = embedding.transform(ROWS.astype(np.float64))
    assert (np.abs(found - wide).max() < 1e-9) == (dtype == np.float64)


def test_mixtures_are_not_rounded_before_1_7(monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = GaussianMixture(2, random_state=0).fit(ROWS.astype(np.float64))
    wide = mixture.score_samples(ROWS.astype(np.float64))
    rounded = answers(mixture, "score_samples")
    monkeypatch.setattr("sklearn.base.__version__", "1.5.2")
    np.testing.assert_allclose(answers(mixture, "score_samples"), wide, rtol=1e-9)
    assert np.abs(rounded - wide).max() > 1e-7


@pytest.mark.parametrize(("version", "winner"), [("1.7.2", 2), ("1.8.0", 0)])
def test_of_classes_equally_likely_against_the_rest(
    version: str, winner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, target = datasets.load("classes")
    model = OneVsRestClassifier(DummyClassifier(strategy="uniform")).fit(rows, target)
    for member in model.estimators_:
        member.strategy = "prior"
        member.class_prior_ = np.array([0.5, 0.5])
    monkeypatch.setattr("sklearn.base.__version__", version)
    assert set(onnxpipe.load(onnxpipe.convert(model))(rows)["predict"]) == {winner}


def test_indicators_that_came_and_went_with_the_batch_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = datasets.load("missing")[0]
    imputer = KNNImputer(add_indicator=True).fit(rows)
    monkeypatch.setattr("sklearn.base.__version__", "1.2.2")
    with pytest.raises(Unsupported, match=r"before scikit-learn 1\.3"):
        onnxpipe.convert(imputer)
