"""What scikit-learn itself has no answer for is refused with the reason, and never asks for trust."""

from __future__ import annotations

import joblib
import pytest
from sklearn.cluster import DBSCAN
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators

import onnxpipe
from onnxpipe.adapters.sklearn.trust import untrusted
from onnxpipe.cli import main
from onnxpipe.errors import Unsupported

ROWS, LABELS = load_iris(return_X_y=True)


@pytest.mark.parametrize("estimator", [DBSCAN(), TSNE(), LedoitWolf()], ids=lambda e: type(e).__name__)
def test_it_is_refused_with_the_reason(estimator: object) -> None:
    with pytest.raises(Unsupported, match=r"rows it was fitted on|neither transforms nor predicts"):
        onnxpipe.convert(estimator.fit(ROWS))  # type: ignore[attr-defined]


def test_the_command_asks_for_no_trust(tmp_path, capfd) -> None:  # type: ignore[no-untyped-def]
    joblib.dump(make_pipeline(StandardScaler(), DBSCAN()).fit(ROWS), tmp_path / "c.joblib")
    assert main(["convert", str(tmp_path / "c.joblib"), "-o", str(tmp_path / "c.onnx")]) == 2
    told = capfd.readouterr().err
    assert "Pipeline/dbscan" in told and "--trust" not in told


def test_a_covariance_that_another_estimator_was_fitted_with_does_no_harm() -> None:
    known = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=LedoitWolf()).fit(ROWS, LABELS)
    assert onnxpipe.convert(known)


def test_no_public_estimator_asks_for_trust() -> None:
    assert untrusted(f"{kind.__module__}.{kind.__qualname__}" for _, kind in all_estimators()) == ()
