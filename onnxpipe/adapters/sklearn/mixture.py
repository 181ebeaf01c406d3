"""Gaussian mixtures. Formulas: sklearn/mixture/_gaussian_mixture.py and _bayesian_mixture.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import densities, linear, numeric
from onnxpipe.blocks.special import digamma
from onnxpipe.core.ops import Var, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts

Array = NDArray[Any]


@converts("sklearn.mixture.GaussianMixture")
def gaussian_mixture(stage: Stage, x: Var) -> Answers:
    """The likeliest component, int64 ``[N]``, posteriors ``[N, k]`` and the log-density ``[N]``."""
    return _mixed(stage, x, np.log(stage.weights_))


@converts("sklearn.mixture.BayesianGaussianMixture")
def bayesian_gaussian_mixture(stage: Stage, x: Var) -> Answers:
    """The same with the expected logarithms of weights and precisions."""
    width = stage.means_.shape[1]
    degrees = stage.degrees_of_freedom_
    expected = digamma(0.5 * (degrees - np.arange(width)[:, None])).sum(axis=0) + width * np.log(2.0)
    shrinking = 0.5 * (expected - width / stage.mean_precision_ - width * np.log(degrees))
    return _mixed(stage, x, _expected_log_weights(stage) + shrinking)


def _expected_log_weights(stage: Stage) -> Array:
    """``E[log weight]`` ``[k]`` under the fitted Dirichlet process or distribution."""
    fitted = stage.weight_concentration_
    if stage.weight_concentration_prior_type != "dirichlet_process":
        return np.asarray(digamma(fitted) - digamma(np.sum(fitted)))
    both = digamma(fitted[0] + fitted[1])
    left = np.cumsum(digamma(fitted[1]) - both)[:-1]
    return np.asarray(digamma(fitted[0]) - both + np.hstack((0, left)))


def _mixed(stage: Stage, x: Var, log_weights: Array) -> Answers:
    """The answers from the components' log-densities and these logarithms of their weights."""
    norms = _norms(stage, x)
    dtype = dtype_of(norms)
    full = norms + const(stage.means_.shape[1] * _log_tau(stage, x), dtype)
    joint = op.mul(full, const(-0.5, dtype)) + (_log_det(stage) + log_weights)
    return {
        "predict": op.arg_max(joint, axis=1, keepdims=0),
        "predict_proba": densities.normalised(joint),
        "score_samples": linear.log_sum_exp(joint, const([1]), keepdims=0),
    }


def _log_tau(stage: Stage, x: Var) -> Any:
    """``log(2 * pi)``, which 1.7 alone rounded to the dtype of ``x``."""
    rounds = saved_since(stage, 1, 7) and not saved_since(stage, 1, 8)
    return dtype_of(x).type(math.log(2 * math.pi)) if rounds else math.log(2 * math.pi)


def _log_det(stage: Stage) -> Any:
    """Half the logarithm of each precision's determinant, ``[k]`` or one for all."""
    factor, kind = stage.precisions_cholesky_, stage.covariance_type
    if kind in ("full", "tied"):
        return np.sum(np.log(np.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)
    return np.sum(np.log(factor), axis=1) if kind == "diag" else stage.means_.shape[1] * np.log(factor)


def _norms(stage: Stage, x: Var) -> Var:
    """``||(x - mean) @ factor||**2`` ``[N, k]``, expanded and, since 1.7, rounded as native does it."""
    means, factor = stage.means_, stage.precisions_cholesky_
    if stage.covariance_type in ("full", "tied"):
        maps = np.broadcast_to(factor, (len(means), *factor.shape[-2:]))
        norms = densities.mapped_norms(x, means, maps)
        return numeric.inplace(x, norms) if saved_since(stage, 1, 7) else norms
    precisions = np.square(factor).reshape(len(means), -1) * np.ones_like(means)
    around = linear.affine(x, -2.0 * means * precisions, np.sum(means**2 * precisions, axis=1))
    if stage.covariance_type == "diag":
        return around + linear.affine(x * x, precisions)
    return around + linear.affine(op.reduce_sum_square(x, const([1])), factor[:, None] ** 2)
