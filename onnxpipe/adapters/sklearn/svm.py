"""Support vector machines. Formulas: sklearn/svm/_base.py, sklearn/svm/src/libsvm/svm.cpp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import classes, coupling, linear
from onnxpipe.blocks.points import kernels
from onnxpipe.core.ops import Var, cast, const, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, Answers, converts

Array = NDArray[Any]


def _columns(stage: Stage) -> Sequence[str]:
    """With a function for a kernel, native doesn't count its columns."""
    return [ANY] * int(stage.shape_fit_[1])


@converts("sklearn.svm.SVC", "sklearn.svm.NuSVC", dtype=np.float64, columns=_columns)
def svc(stage: Stage, x: Var) -> Answers:
    """The class that wins most pairs; probabilities by Platt's sigmoid and pairwise coupling."""
    count = len(stage.classes_)
    scores = _decision(stage, x, np.nan_to_num(coupling.weights(stage._dual_coef_, stage._n_support)))
    answers = _two_class(stage, scores) if count == 2 else _many_class(stage, scores, count)
    if stage.probability is True and len(stage._probA):
        p = coupling.platt(scores, stage._probA, stage._probB)
        answers["predict_proba"] = coupling.coupled(p, count)
    return answers


def _two_class(stage: Stage, scores: Var) -> dict[str, Var]:
    score = op.neg(linear.column(scores))
    second = cast(op.greater_or_equal(score, const(0.0)), np.int64)
    return {"predict": classes.label(second, stage.classes_), "decision_function": score}


def _many_class(stage: Stage, scores: Var, count: int) -> dict[str, Var]:
    zero, shape = const(0.0), stage.decision_function_shape
    if shape == "ovo":
        if stage.break_ties:
            raise stage.unsupported(
                "breaks ties by scores that it has only with decision_function_shape='ovr'"
            )
        decision = scores
    else:
        decision = coupling.confident_votes(scores, op.greater_or_equal(scores, zero), count)
    ranked = decision if stage.break_ties else coupling.votes(op.greater(scores, zero), count)
    return {"predict": classes.most_likely(ranked, stage.classes_), "decision_function": decision}


@converts("sklearn.svm.SVR", "sklearn.svm.NuSVR", dtype=np.float64, columns=_columns)
def svr(stage: Stage, x: Var) -> Answers:
    """The kernel with the support vectors, weighted, ``[N]``."""
    return {"predict": linear.column(_decision(stage, x, stage._dual_coef_))}


@converts("sklearn.svm.OneClassSVM", dtype=np.float64, columns=_columns)
def one_class_svm(stage: Stage, x: Var) -> Answers:
    """1 where the score is above 0, else -1; ``score_samples`` is before the offset."""
    score = linear.column(_decision(stage, x, stage._dual_coef_))
    return {
        "predict": op.where(op.greater(score, const(0.0)), const(1), const(-1)),
        "decision_function": score,
        "score_samples": score + stage.offset_,
    }


def _decision(stage: Stage, x: Var, coef: Array) -> Var:
    """``k(x, support vectors) @ coef.T + intercept`` ``[N, scores]``, for ``coef`` ``[scores, vectors]``."""
    vectors, bias = stage.support_vectors_, np.asarray(stage._intercept_)
    if stage.kernel == "linear":
        return linear.affine(x, coef @ vectors, bias)
    if stage.kernel == "precomputed":
        return linear.affine(take_columns(x, stage.support_), coef, bias)
    if not isinstance(stage.kernel, str):
        raise stage.unsupported("has a kernel that is a Python function, which isn't data")
    kernel = kernels.Kernel(stage.kernel, float(stage._gamma), float(stage.degree), float(stage.coef0))
    return kernels.weighted(x, vectors, kernel, coef, bias)
