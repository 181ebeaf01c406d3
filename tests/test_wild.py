"""Rows of which native has nothing but rounding noise aren't made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import PolynomialCountSketch, RBFSampler
from sklearn.manifold import Isomap
from sklearn.neighbors import KernelDensity

from onnxpipe.core.options import Options
from onnxpipe.core.registry import find
from onnxpipe.services.convert import conversion

X = np.random.default_rng(0).normal(size=(40, 2)).clip(-2, 2)
ROWS = np.array([[0.5, -1.0], [4.0, 4.0], [1e5, 0.0], [0.0, -1e30], [np.inf, 0.0], [0.0, np.nan]])
"""Usual, outside, far, farther, and what is refused: that is made up all the same."""


@pytest.mark.parametrize(
    ("estimator", "wild"),
    [
        (KNNImputer(), [0, 0, 1, 1, 0, 0]),
        (Isomap(), [0, 0, 1, 1, 0, 0]),
        (PolynomialCountSketch(), [0, 0, 1, 1, 0, 0]),
        (RBFSampler(random_state=0), [0, 0, 0, 1, 0, 0]),
        (KernelDensity(bandwidth=0.4), [0, 1, 1, 1, 0, 0]),
        (KernelDensity(bandwidth=0.4, kernel="exponential"), [0, 0, 1, 1, 0, 0]),
        (KernelDensity(bandwidth=0.4, kernel="tophat"), [0, 0, 0, 0, 0, 0]),
    ],
    ids=str,
)
def test_rows_that_are_too_far_out(estimator: Any, wild: list[int]) -> None:
    stage = conversion(estimator.fit(X), Options()).plan.root
    converter = find(stage.kind)
    assert converter is not None and converter.wild is not None
    assert converter.wild(stage, ROWS).tolist() == [bool(each) for each in wild]
