"""Partial least squares. Formulas: sklearn/cross_decomposition/_pls.py."""

from __future__ import annotations

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import linear, numeric
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


@converts(
    "sklearn.cross_decomposition.PLSRegression",
    "sklearn.cross_decomposition.PLSCanonical",
    "sklearn.cross_decomposition.CCA",
)
def partial_least_squares(stage: Stage, x: Var) -> Answers:
    """The scores ``(x - mean) / std @ x_rotations`` and ``(x - mean) @ coef.T + intercept``.

    Before 1.5 the coefficients were those of ``(x - mean) / std``.
    """
    centred = numeric.inplace(x, x - numeric.beside(x, stage._x_mean))
    scaled = numeric.inplace(x, centred / numeric.beside(x, stage._x_std))
    predicted = linear.affine(centred if saved_since(stage, 1, 5) else scaled, stage.coef_, stage.intercept_)
    return {
        "predict": linear.column(predicted) if stage._predict_1d else predicted,
        "transform": linear.affine(scaled, stage.x_rotations_.T),
    }


@converts("sklearn.cross_decomposition.PLSSVD", carries=True)
def pls_svd(stage: Stage, x: Var) -> Var:
    """``(x - mean) / std @ x_weights``, in float64."""
    return linear.affine((x - numeric.beside(x, stage._x_mean)) / stage._x_std, stage.x_weights_.T)
