"""Linear classifiers. Formulas: sklearn/linear_model/_base.py and _logistic.py."""

from __future__ import annotations

from onnxpipe.blocks import classes, linear
from onnxpipe.core.ops import Var, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts


def scored(stage: Stage, scores: Var) -> dict[str, Var]:
    """``predict`` and ``decision_function`` of a LinearClassifierMixin from scores ``[N, k or 1]``."""
    if len(stage.classes_) > 2:
        return {"predict": classes.most_likely(scores, stage.classes_), "decision_function": scores}
    score = linear.column(scores)
    return {"predict": classes.positive(score, stage.classes_), "decision_function": score}


@converts("sklearn.linear_model.LogisticRegression", "sklearn.linear_model.LogisticRegressionCV")
def logistic_regression(stage: Stage, x: Var) -> Answers:
    """Softmax of the scores; for two classes the sigmoid of the one score."""
    scores = linear.affine(x, stage.coef_, stage.intercept_)
    binary = len(stage.classes_) == 2
    proba = linear.two_columns(op.sigmoid(scores)) if binary else linear.softmax(scores)
    return {**scored(stage, scores), "predict_proba": proba}
