"""Models that see rows through a kernel.

Formulas: sklearn/decomposition/_kernel_pca.py, sklearn/kernel_ridge.py, sklearn/kernel_approximation.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.metrics import for_kernel
from onnxpipe.blocks import linear, sketches
from onnxpipe.blocks.points import kernels
from onnxpipe.core.ops import Var, cast, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.wild import beyond, unsettled, unsure

Array = NDArray[Any]


@converts("sklearn.preprocessing.KernelCenterer", carries=True)
def kernel_centerer(stage: Stage, x: Var) -> Var:
    """A kernel matrix ``[N, m]`` moved to the fitted mean in feature space."""
    return kernels.centred(x, stage.K_fit_rows_, stage.K_fit_all_)


@converts("sklearn.decomposition.KernelPCA")
def kernel_pca(stage: Stage, x: Var) -> Var:
    """The centred kernel with the fitted rows, projected on the eigenvectors over their lengths."""
    mean = stage.child("_centerer", stage._centerer)
    lengths = np.sqrt(np.where(stage.eigenvalues_ == 0, np.inf, stage.eigenvalues_))
    centre = mean.K_fit_rows_, mean.K_fit_all_, stage.eigenvectors_ / lengths
    if stage.kernel == "linear":
        return kernels.projected_products(x, stage.X_fit_, *centre)
    return kernels.projected(_kernel(stage, x, stage.X_fit_), *centre)


def _cancelling(stage: Stage, x: Array) -> Array:
    """Far rows of whose polynomials ``dual_coef_`` leaves too little: rounding shows in the difference."""
    far = beyond(1e3, lambda stage: np.asarray(stage.X_fit_))(stage, x)
    if stage.kernel not in ("poly", "polynomial") or not far.any():
        return np.zeros(len(x), bool)
    fitted, dual = np.asarray(stage.X_fit_, np.float64), np.asarray(stage.dual_coef_, np.float64)
    gamma = 1 / fitted.shape[1] if stage.gamma is None else stage.gamma
    with np.errstate(all="ignore"):
        terms = (gamma * np.where(np.isfinite(x), x, 0.0) @ fitted.T + stage.coef0) ** stage.degree
    return np.asarray(far & unsettled(terms, dual.reshape(len(fitted), -1)))


@converts("sklearn.kernel_ridge.KernelRidge", wild=_cancelling)
def kernel_ridge(stage: Stage, x: Var) -> Answers:
    """The kernel with the fitted rows times ``dual_coef_``, ``[N]`` or ``[N, targets]``."""
    return {"predict": linear.affine(_kernel(stage, x, stage.X_fit_), stage.dual_coef_.T)}


@converts("sklearn.kernel_approximation.Nystroem")
def nystroem(stage: Stage, x: Var) -> Var:
    """The kernel with a few fitted rows, normalised ``[N, k]``."""
    return linear.affine(_kernel(stage, x, stage.components_), stage.normalization_)


@converts(
    "sklearn.kernel_approximation.RBFSampler", wild=unsure(lambda stage: np.asarray(stage.random_weights_))
)
def rbf_sampler(stage: Stage, x: Var) -> Var:
    """``cos(x @ random_weights + random_offset) * sqrt(2 / k)`` ``[N, k]``."""
    scale = float(np.sqrt(2 / len(stage.random_offset_)))
    return sketches.cosines(x, stage.random_weights_, stage.random_offset_, scale)


def _kernel(stage: Stage, x: Var, points: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Var:
    """The kernel ``[N, m]`` of rows with points. Raises Unsupported for one that isn't known."""
    if not isinstance(stage.kernel, str) or stage.kernel not in ("precomputed", *kernels.known()):
        raise stage.unsupported(f"has the kernel {stage.kernel!r}; known are {', '.join(kernels.known())}")
    if stage.kernel == "precomputed":
        return cast(x, np.result_type(dtype_of(x), points))
    # gamma_ is there since 1.3, and only in KernelPCA; None is the kernels' own default.
    given = {"gamma": stage.get("gamma_", stage.gamma), "degree": stage.degree, "coef0": stage.coef0}
    default = {"gamma": 1.0 if stage.kernel == "chi2" else 1 / points.shape[1], "degree": 3, "coef0": 1}
    chosen = {name: float(default[name] if value is None else value) for name, value in given.items()}
    rows = for_kernel(stage, x, stage.kernel)
    return kernels.between(rows, points, kernels.Kernel(stage.kernel, **chosen))
