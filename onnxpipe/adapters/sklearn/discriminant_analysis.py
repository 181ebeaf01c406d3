"""Discriminant analysis. Formulas: sklearn/discriminant_analysis.py."""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.sklearn.linear_classifiers import scored
from onnxpipe.blocks import classes, densities, linear
from onnxpipe.core.ops import Var, dtype_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


@converts("sklearn.discriminant_analysis.LinearDiscriminantAnalysis")
def linear_discriminant_analysis(stage: Stage, x: Var) -> Answers:
    """A linear classifier; ``transform`` is the projection on the discriminant axes."""
    scores = linear.affine(x, stage.coef_, stage.intercept_)
    binary = len(stage.classes_) == 2
    proba = linear.two_columns(linear.expit(scores)) if binary else linear.softmax(scores)
    answers = {**scored(stage, scores), "predict_proba": proba}
    if stage.solver != "lsqr":  # which can't transform
        axes = stage.scalings_[:, : stage._max_components]
        centred = stage.solver == "svd"
        answers["transform"] = linear.projected(x, stage.xbar_ if centred else None, axes)
    return answers


@converts("sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis")
def quadratic_discriminant_analysis(stage: Stage, x: Var) -> Answers:
    """``log prior - (||(x - mean) @ rotation / sqrt(scaling)||**2 + sum(log(scaling))) / 2``."""
    rank = max(len(scaling) for scaling in stage.scalings_)
    maps = [r * s**-0.5 for r, s in zip(stage.rotations_, stage.scalings_, strict=True)]
    padded = np.stack([np.pad(m, ((0, 0), (0, rank - m.shape[1]))) for m in maps])
    spread = np.array([np.sum(np.log(scaling)) for scaling in stage.scalings_])
    norms = densities.whitened_norms(x, stage.means_, padded)
    return discriminated(
        stage, norms * np.array(-0.5, dtype_of(norms)) + (np.log(stage.priors_) - 0.5 * spread)
    )


def discriminated(stage: Stage, scores: Var) -> dict[str, Var]:
    """The answers of a DiscriminantAnalysisPredictionMixin from the class scores ``[N, k]``."""
    decision = scores
    if len(stage.classes_) == 2:
        decision = linear.affine(scores, np.array([-1, 1], dtype_of(scores)))
    return {
        "predict": classes.most_likely(scores, stage.classes_),
        "decision_function": decision,
        "predict_proba": linear.softmax(scores),
    }
