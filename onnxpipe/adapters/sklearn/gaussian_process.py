"""Gaussian processes. Formulas: sklearn/gaussian_process/_gpr.py, _gpc.py and kernels.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.adapters.sklearn import gp_kernels
from onnxpipe.blocks import classes, coupling, linear
from onnxpipe.blocks.points import covariances
from onnxpipe.core.ops import Var, batch_size, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, Answers, converts


def _columns(stage: Stage) -> Sequence[str]:
    """As many as the fitted points have: native counts none where the kernel needs no vectors."""
    base = stage.get("base_estimator_")
    members = base.get("estimators_", [base]) if base is not None else [stage]
    return [ANY] * int(np.shape(members[0].get("X_train_"))[1])


@converts("sklearn.gaussian_process.GaussianProcessRegressor", columns=_columns)
def gaussian_process_regressor(stage: Stage, x: Var) -> Answers:
    """The mean of the process, ``[N]`` or ``[N, targets]``, as scaled as the targets were."""
    mean = linear.affine(_covariance(stage, x), np.asarray(stage.alpha_).T)
    scale, offset = np.asarray(stage._y_train_std), np.asarray(stage._y_train_mean)
    if np.any(scale != 1) or np.any(offset):
        mean = mean * scale + offset
    lone = np.ndim(stage.alpha_) == 2 and np.shape(stage.alpha_)[1] == 1
    return {"predict": linear.column(mean) if lone else mean}


@converts("sklearn.gaussian_process.GaussianProcessClassifier", columns=_columns)
def gaussian_process_classifier(stage: Stage, x: Var) -> Answers:
    """Two classes by Laplace's approximation; more of them one against the rest, or pair by pair."""
    base = stage.child("base_estimator_", stage.base_estimator_)
    if len(stage.classes_) == 2:
        score, p = _latent(base, x)
        predicted = classes.positive(linear.column(score), stage.classes_)
        return {"predict": predicted, "predict_proba": linear.two_columns(p)}
    members = [base.child(f"estimators_[{i}]", each) for i, each in enumerate(base.estimators_)]
    found = [_latent(member, x) for member in members]
    shares = op.concat([p for _, p in found], axis=1)
    if stage.multi_class == "one_vs_one":
        first = op.less_or_equal(op.concat([score for score, _ in found], axis=1), const(0.0))
        votes = coupling.confident_votes(op.neg(shares), first, len(stage.classes_))
        return {"predict": classes.most_likely(votes, stage.classes_)}
    return {
        "predict": classes.most_likely(shares, stage.classes_),
        "predict_proba": shares / op.reduce_sum(shares, const([1])),
    }


def _latent(stage: Stage, x: Var) -> tuple[Var, Var]:
    """The score and the probability of the second of two classes, ``[N, 1]`` each.

    Rasmussen and Williams, Gaussian Processes for Machine Learning, algorithm 3.2.
    """
    k = _covariance(stage, x)
    score = linear.affine(k, (stage.y_train_ - stage.pi_)[None, :])
    # No worse than solving: the matrix is 1 plus one that isn't negative.
    whitened = linear.affine(k, np.linalg.inv(stage.L_) * stage.W_sr_)
    taken = op.reduce_sum_square(whitened, const([1]))
    own = gp_kernels.diagonal(stage.child("kernel_", stage.kernel_), x)
    variance = op.sub(cast(own, np.float64), taken)
    return score, covariances.expected_logistic(score, variance)


def _covariance(stage: Stage, x: Var) -> Var:
    """The kernel between rows and fitted points ``[N, m]``."""
    points = np.asarray(stage.X_train_)
    value = gp_kernels.between(stage.child("kernel_", stage.kernel_), x, points)
    return op.expand(value, op.concat([batch_size(x), const([len(points)])], axis=0))
