"""skl2onnx's graph with our promises: what it then refuses, and what it answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests.bench import peer

X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)


@pytest.mark.parametrize(("estimator", "refused"), [
    (LinearRegression(), {np.nan, np.inf}),
    (StandardScaler(), {np.inf}),
])  # fmt: skip
def test_the_peers_graph_promises_what_ours_does(estimator: BaseEstimator, refused: set[float]) -> None:
    estimator.fit(X, X[:, 0])
    ours = peer.Graph(conversion(estimator, Options(dtype="float32")).model.SerializeToString())
    alike = peer.Graph(peer.converted(estimator, X, "float32")).like(ours, X)
    assert alike is not None
    for value in (np.nan, np.inf):
        row = X[:1].copy()
        row[0, 1] = value
        for graph in (ours, alike):
            if value in refused:
                with pytest.raises(Exception, match="Gather"):
                    graph.answers(row)
            else:
                assert np.isnan(graph.answers(row)[0][0, 1])
    mine, theirs = ours.answers(X)[0], alike.answers(X)[0]
    assert mine.shape == theirs.shape
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
