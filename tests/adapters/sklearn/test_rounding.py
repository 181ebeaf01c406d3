"""What scikit-learn rounds, or leaves to rounding, is told from a fault, and nothing else is let pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import onnxpipe

pytestmark = pytest.mark.usefixtures("inhouse")

ROWS, LABELS = load_iris(return_X_y=True)
GAPS = np.where(np.random.default_rng(0).random(ROWS.shape) < 0.1, np.nan, ROWS)
"""Measured in millimetres: many rows are equally far apart."""


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [
        (Nystroem(random_state=0), ROWS),  # of more components than the kernel has rank
        (KNNImputer(), GAPS),
        (KNNImputer(weights="distance"), GAPS),
        (KNeighborsTransformer(), ROWS),
        (KNeighborsTransformer(mode="connectivity"), ROWS),
        (GradientBoostingClassifier(n_estimators=3, init=LogisticRegression(max_iter=500)), ROWS),
        (GradientBoostingRegressor(n_estimators=3, init=make_pipeline(StandardScaler(), Ridge())), ROWS),
        (GaussianProcessClassifier(multi_class="one_vs_one"), ROWS[::3]),  # its predict_proba raises
        (GaussianNB(priors=[0.0, 0.5, 0.5]), ROWS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_its_own_rounding_is_no_difference(estimator: Any, rows: Any) -> None:
    fitted = estimator.fit(rows, LABELS[:: len(ROWS) // len(rows)])
    report = onnxpipe.verify(onnxpipe.convert(fitted), fitted, {"X": rows}, rows=500)
    assert report, report
    assert all(verdict.ties < verdict.rows / 4 for verdict in report.verdicts)


def test_a_class_without_a_share_leaves_the_others_theirs() -> None:
    """onnxruntime's ReduceLogSumExp has -inf for what begins with -inf and is below -745."""
    fitted = GaussianNB(priors=[0.0, 0.5, 0.5]).fit(ROWS, LABELS)
    far = np.array([[40.0, 30.0, 30.0, 30.0]])
    assert fitted._joint_log_likelihood(far).max() < -745
    answers = onnxpipe.load(onnxpipe.convert(fitted))(far)
    assert np.allclose(answers["predict_proba"], fitted.predict_proba(far))
