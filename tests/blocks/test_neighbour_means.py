"""Missing values from the nearest rows, all at once and column by column: the same means."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.impute import KNNImputer

from onnxpipe import convert
from onnxpipe.blocks.points import neighbour_means
from tests.graphs import run


@pytest.mark.parametrize("most", [0, 2**13], ids=["by column", "at once"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_both_ways_fill_as_scikit_learn_does(
    most: int, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbour_means, "_PAIRED", most)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 5))
    x[rng.random(x.shape) < 0.3] = np.nan
    imputer = KNNImputer(n_neighbors=3, weights=weights).fit(x[:50])
    model = convert(imputer)
    scans = [node.op_type for node in model.graph.node].count("Scan")
    assert scans == (1 if most else 2), "one for the distances"
    for rows in (x, x[:1], x[:0], np.full((1, 5), np.nan), rng.normal(size=(2, 5))):
        expected = imputer.transform(rows) if len(rows) else np.zeros((0, 5))
        np.testing.assert_allclose(run(model, {"X": rows})["transform"], expected, rtol=1e-9)
