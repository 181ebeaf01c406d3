"""Sparse codes of older versions: what is refused, and in which dtype the others are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import SparseCoder

import onnxpipe
from onnxpipe.errors import Inexact

ATOMS = np.random.default_rng(0).normal(size=(6, 4))
ROWS = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)


def test_a_solver_that_stopped_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.base.__version__", "1.7.2")
    with pytest.raises(Inexact, match=r"before scikit-learn 1\.8"):
        onnxpipe.convert(SparseCoder(ATOMS, transform_algorithm="lasso_cd").fit(ROWS))


@pytest.mark.parametrize(("version", "dtype"), [("1.7.2", np.float64), ("1.9.1", np.float32)])
def test_codes_have_the_dtype_that_the_version_gave_them(
    version: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    coder = SparseCoder(ATOMS, transform_algorithm="omp").fit(ROWS)
    monkeypatch.setattr("sklearn.base.__version__", version)
    answer = onnxpipe.load(onnxpipe.convert(coder, dtype="float32"))(ROWS)["transform"]
    assert answer.dtype == dtype
