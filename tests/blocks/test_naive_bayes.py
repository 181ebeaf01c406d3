"""Posteriors of log-likelihoods of any size: by softmax, else by scikit-learn's formula."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.naive_bayes import MultinomialNB

from onnxpipe import convert
from tests.graphs import run

X = np.array([[2.0, 1.0, 0.0], [2.0, 0.0, 1.0], [0.0, 3.0, 3.0]])


@pytest.mark.parametrize("counts", [[1.0], [1e3], [1e30], [1.0, 1e9], [1e20, 2.0], [0.0]])
def test_classes_that_tie_are_as_likely_as_natively(counts: list[float]) -> None:
    """Both certain where the logarithm of 2 vanishes beside the likelihoods, in whatever company."""
    fitted = MultinomialNB(fit_prior=False).fit(X, [0, 1, 2])
    rows = np.array([[count, 0.0, 0.0] for count in counts])
    got = run(convert(fitted), {"X": rows})["predict_proba"]
    expected = fitted.predict_proba(rows)
    np.testing.assert_allclose(got, expected, 1e-9)
    assert (got[np.array(counts) > 1e16][:, :2] == 1.0).all()


def test_no_rows_make_no_posteriors() -> None:
    fitted = MultinomialNB().fit(X, [0, 1, 2])
    assert run(convert(fitted), {"X": X[:0]})["predict_proba"].shape == (0, 3)
