"""Projections on fitted axes.

Formulas: sklearn/decomposition/_base.py, _pca.py, _truncated_svd.py, _fastica.py and
_factor_analysis.py; sklearn/neighbors/_nca.py; sklearn/random_projection.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import densities, linear, numeric
from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts

Array = NDArray[Any]

_COMPARED = 2e-5
"""The relative difference of two precisions in float32 that log-likelihoods hardly show."""
_MANY = 1_000
"""Columns above which a covariance, a square of them, is inverted only if it has to be."""


def _principal(stage: Stage, x: Var) -> Var:
    """``x @ components.T - mean @ components.T`` ``[N, k]``, over the standard deviations if whitened."""
    axes, offset = stage.components_, -(stage.mean_ @ stage.components_.T)
    if stage.whiten:
        scale = np.sqrt(stage.explained_variance_)
        scale = np.maximum(scale, np.finfo(scale.dtype).eps)
        axes, offset = axes / scale[:, None], offset / scale
    return linear.affine(x, axes, offset)


@converts("sklearn.decomposition.PCA")
def pca(stage: Stage, x: Var) -> Answers:
    """The projection, and the log-likelihood under the probabilistic model: of many columns if asked for."""
    projected = _principal(stage, x)
    asked = "score_samples" in stage.options.outputs
    if stage.components_.shape[1] > _MANY and not asked:
        return {"transform": projected}
    try:
        precision = _pca_precision(stage)
    except np.linalg.LinAlgError:  # natively too: constant columns and no noise
        if asked:
            raise stage.unsupported("has no score_samples: its covariance is singular") from None
        return {"transform": projected}
    if _rounded_away(stage, precision):
        if asked:
            raise stage.inexact(
                f"was fitted in {precision.dtype}, in which rounding leaves too little of its score_samples",
                "Fit it on float64 rows, or ask for transform alone.",
            )
        return {"transform": projected}
    return {"transform": projected, "score_samples": densities.gaussian(x, stage.mean_, precision)}


def _rounded_away(stage: Stage, precision: Array) -> bool:
    """Whether native's own precision ``[d, d]``, in float32, is a number that its libraries' rounding makes.

    What is left of large numbers that cancel is then off from what float64 leaves by more than is compared.
    """
    if precision.dtype == np.float64:
        return False
    exact = _pca_precision(stage, np.float64)
    with np.errstate(all="ignore"):
        sizes = np.sqrt(np.abs(np.diag(exact)))
        return not bool((np.abs(precision - exact) <= _COMPARED * np.outer(sizes, sizes)).all())


def _pca_precision(stage: Stage, dtype: Any = None) -> Array:
    """The inverse of probabilistic PCA's covariance ``[d, d]``, by the matrix inversion lemma.

    In the dtype that the stage was fitted in, unless another is given.
    """
    state = stage.noise_variance_, stage.components_, stage.explained_variance_
    noise, axes, variance = (np.asarray(each, dtype) for each in state)
    identity = np.eye(axes.shape[1], dtype=axes.dtype)
    if stage.n_components_ == 0:
        return np.asarray(identity / noise)
    spread = np.maximum(variance - noise, 0)
    if stage.whiten:
        axes = axes * np.sqrt(variance)[:, None]
    if noise == 0:
        return np.asarray(np.linalg.inv((axes.T * spread) @ axes))
    inner = axes @ axes.T / noise + np.diag(1 / spread)
    return np.asarray(axes.T @ np.linalg.inv(inner) @ axes / -(noise**2) + identity / noise)


@converts("sklearn.decomposition.IncrementalPCA", carries=True)
def incremental_pca(stage: Stage, x: Var) -> Var:
    """The projection of PCA."""
    return _principal(stage, x)


@converts(
    "sklearn.decomposition.TruncatedSVD",
    "sklearn.neighbors.NeighborhoodComponentsAnalysis",
    "sklearn.random_projection.GaussianRandomProjection",
    carries=True,
)
def truncated_svd(stage: Stage, x: Var) -> Var:
    """``x @ components.T``."""
    return linear.affine(x, stage.components_)


@converts("sklearn.decomposition.FastICA", carries=True)
def fast_ica(stage: Stage, x: Var) -> Var:
    """``(x - mean) @ components.T``, the difference rounded to the dtype of ``x``."""
    if stage.whiten:
        x = numeric.inplace(x, x - stage.mean_)
    return linear.affine(x, stage.components_)


@converts("sklearn.decomposition.FactorAnalysis")
def factor_analysis(stage: Stage, x: Var) -> Answers:
    """The expected latent variables (Barber, 21.2.33), and the log-likelihood."""
    weighted = stage.components_ / stage.noise_variance_
    inner = np.linalg.inv(np.eye(len(weighted)) + weighted @ stage.components_.T)
    precision = np.diag(1 / stage.noise_variance_) - weighted.T @ inner @ weighted
    return {
        "transform": linear.projected(x, stage.mean_, weighted.T @ inner),
        "score_samples": densities.gaussian(x, stage.mean_, precision),
    }
