"""Rows of which native has nothing but rounding noise aren't made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import PolynomialCountSketch, RBFSampler
from sklearn.manifold import Isomap
from sklearn.neighbors import KernelDensity

from onnxpipe.adapters.base import Artefact
from onnxpipe.adapters.keras import reader
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


@pytest.mark.slow
@pytest.mark.xdist_group("keras")
def test_sums_that_rounding_leaves_no_digits_of_are_not_made_up(tmp_path: Path) -> None:
    from tests.rigs.keras import native

    layers, models = native().keras().layers, native().keras().models
    model = models.Sequential([layers.Input((4, 8, 8, 3)), layers.ConvLSTM2D(8, 3, padding="same")])
    model.save(tmp_path / "model.keras")
    (stage,) = (
        each for each in reader.outline(Artefact(tmp_path / "model.keras")) if "ConvLSTM" in each.kind
    )
    turns = np.where(np.arange(4 * 8 * 8 * 3) % 2, 255.0, -255.0)
    usual = np.random.default_rng(0).normal(size=turns.shape)
    spoilt = np.where(np.arange(len(usual)) == 5, np.nan, usual)
    rows = np.stack([usual, 3 * usual, spoilt, turns, 1e15 * usual])
    converter = find(stage.kind)
    assert converter is not None and converter.wild is not None
    assert converter.wild(stage, rows).tolist() == [False, False, False, True, False]
