"""Transformers whose features approximate a kernel. Formulas: sklearn/kernel_approximation.py."""

from __future__ import annotations

import numpy as np

from onnxpipe.blocks import sketches
from onnxpipe.core.apply import unfloated
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table
from onnxpipe.core.wild import beyond


def _above(stage: Stage, x: Var, limit: float, *, inclusive: bool) -> Var:
    """``x`` ``[N, d]``, refusing rows with a value below the limit (or at it, unless inclusive)."""
    compare = op.less if inclusive else op.less_or_equal
    return refuse(stage.context, x, compare(x, const(limit, dtype_of(x))))


@converts("sklearn.kernel_approximation.AdditiveChi2Sampler")
def additive_chi2_sampler(stage: Stage, x: Table) -> Var:
    """Samples of the chi-squared kernel's spectrum, in the dtype of ``x`` (integers are cut)."""
    steps = int(stage.sample_steps)
    interval = stage.sample_interval or stage.get("sample_interval_") or {1: 0.8, 2: 0.5, 3: 0.4}[steps]
    rows = _above(stage, unfloated(stage, x), 0, inclusive=True)
    return sketches.chi_squared(rows, steps, float(interval))


@converts("sklearn.kernel_approximation.SkewedChi2Sampler")
def skewed_chi2_sampler(stage: Stage, x: Var) -> Var:
    """Cosines of random projections of ``log(x + skewedness)`` ``[N, k]``."""
    shifted = _above(stage, x, -stage.skewedness, inclusive=False) + const(stage.skewedness, dtype_of(x))
    scale = np.sqrt(2.0) / np.sqrt(stage.n_components)
    return sketches.cosines(op.log(shifted), stage.random_weights_, stage.random_offset_, scale)


@converts(
    "sklearn.kernel_approximation.PolynomialCountSketch",
    dtype=np.float64,
    wild=beyond(1e3),  # native's Fourier transform leaves of the other columns nothing but its rounding
)
def polynomial_count_sketch(stage: Stage, x: Var) -> Var:
    """A sketch of the polynomial kernel's features ``[N, k]``; ``coef0`` is one feature more."""
    weights = stage.bitHash_ * np.sqrt(stage.gamma)
    if stage.coef0 != 0:
        x = op.pad(x, const([0, 0, 0, 1]), const(1.0))
        weights[:, -1] = stage.bitHash_[:, -1] * np.sqrt(stage.coef0)
    return sketches.polynomial(x, stage.indexHash_, weights, int(stage.n_components))
