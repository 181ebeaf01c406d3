"""LIBLINEAR's models. Formulas: predict_values and predict_probability in linear.cpp (2.50)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from onnxpipe.blocks import classes, linear
from onnxpipe.core.ops import Var, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, Answers, converts
from onnxpipe.core.table import Check

_LOGISTIC = ("L2R_LR", "L1R_LR", "L2R_LR_DUAL")
_MARGIN = ("L2R_L2LOSS_SVC_DUAL", "L2R_L2LOSS_SVC", "L2R_L1LOSS_SVC_DUAL", "MCSVM_CS", "L1R_L2LOSS_SVC")
_REGRESSION = ("L2R_L2LOSS_SVR", "L2R_L2LOSS_SVR_DUAL", "L2R_L1LOSS_SVR_DUAL")


def _columns(stage: Stage) -> Sequence[str]:
    return [ANY] * int(stage.nr_feature)


def _kinds(names: Sequence[str]) -> Sequence[str]:
    return [f"liblinear.{name}" for name in names]


@converts(*_kinds(_LOGISTIC + _MARGIN), dtype=np.float64, refuses=Check.NOTHING, columns=_columns)
def classifier(stage: Stage, x: Var) -> Answers:
    """The label of the highest score; of two, the first one's where the score is above 0."""
    if stage.nr_class < 2:
        raise stage.unsupported("knows one class only, whatever the row")
    scores = _scores(stage, x)
    if stage.nr_class == 2:
        first = op.slice(scores, const([0]), const([1]), const([1]))
        predict = classes.label(classes.above(linear.column(first)), stage.label[::-1])
    else:
        predict = classes.label(classes.first_above(scores), stage.label)
    answers = {"predict": predict, "decision_values": scores}
    return answers | ({"predict_proba": _probabilities(scores)} if stage.solver_type in _LOGISTIC else {})


@converts(*_kinds(_REGRESSION), dtype=np.float64, refuses=Check.NOTHING, columns=_columns)
def regressor(stage: Stage, x: Var) -> Answers:
    """The score itself, ``[N]``."""
    return {"predict": linear.column(_scores(stage, x))}


@converts("liblinear.ONECLASS_SVM", dtype=np.float64, refuses=Check.NOTHING, columns=_columns)
def one_class(stage: Stage, x: Var) -> Answers:
    """1 where the score less ``rho`` is above 0, else -1."""
    scores = op.sub(_scores(stage, x), const(float(stage.rho)))
    return {"predict": classes.label(classes.above(linear.column(scores)), np.array([-1, 1])),
            "decision_values": scores}  # fmt: skip


def _scores(stage: Stage, x: Var) -> Var:
    """``x @ w`` ``[N, scores]``; the last row of ``w`` is for the constant ``bias``, if not negative."""
    weights, count = stage.w, int(stage.nr_feature)
    return linear.affine(x, weights[:count].T, stage.bias * weights[count] if len(weights) > count else 0.0)


def _probabilities(scores: Var) -> Var:
    """Each score's own logistic share; ``[p, 1 - p]`` of a single one."""
    p = linear.expit(scores)
    if shape_of(p)[1:] == (1,):
        return op.concat([p, const(1.0) - p], axis=1)
    return p / op.reduce_sum(p, const([1]))
