"""Special functions against SciPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import spox
from scipy import special as scipy_special
from sklearn.decomposition._online_lda_fast import _dirichlet_expectation_2d

from onnxpipe.blocks import linear
from onnxpipe.blocks.special import digamma, erf, psi
from onnxpipe.core.ops import Tensor, Var, argument, const, op
from tests.harness import open_session


def run(function: Callable[[Var], Var], x: Any) -> Any:
    """What a graph of one function answers on float64 ``x`` ``[N, d]``."""
    var = argument(Tensor(np.float64, ("N", x.shape[1])))
    model = spox.build({"X": var}, {"Y": function(var)})
    model.ir_version = 10
    return open_session(model).run(None, {"X": x})[0]


def test_erf() -> None:
    x = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-300, 300, 601), [0.0, np.inf, -np.inf]])
    np.testing.assert_allclose(run(erf, x[:, None])[:, 0], scipy_special.erf(x), rtol=2e-15)


def test_a_factor_beside_a_product_stays_in_double_precision() -> None:
    x, weights = np.random.default_rng(0).normal(size=(50, 3)), np.array([[1.0, 2.0, 3.0]])
    answer = run(lambda var: linear.affine(op.mul(var, const(0.1)), weights), x)
    np.testing.assert_allclose(answer, 0.1 * x @ weights.T, rtol=1e-13, atol=1e-15)


def test_digamma() -> None:
    x = np.concatenate([np.logspace(-8, 8, 2001), [1.4616321449683623]])
    expected = scipy_special.digamma(x)
    assert np.max(np.abs(digamma(x) - expected) / np.maximum(1, np.abs(expected))) < 5e-15


def test_psi_is_native_s_own_approximation() -> None:
    x = np.concatenate([np.logspace(-8, 30, 2001), [1e-6, 5.999, 6.0]])
    expected = np.array([_dirichlet_expectation_2d(np.array([[v, 1.0]]))[0, 0] for v in x])
    answer = run(psi, np.stack([x, x + 1.0], axis=1))
    np.testing.assert_allclose(answer[:, 0] - answer[:, 1], expected, rtol=1e-12, atol=1e-14)
