"""From a model's sums to what its classes answer.

Formulas: catboost/libs/model/eval_processing.h, PrepareEval in
catboost/private/libs/algo/apply.cpp, and the predict methods in catboost/python-package/catboost/core.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost.model import Model
from onnxpipe.blocks import classes, linear
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.registry import Answers
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

CLASSIFYING = (
    "Logloss",
    "CrossEntropy",
    "Focal",
    "MultiClass",
    "MultiClassOneVsAll",
    "MultiLogloss",
    "MultiCrossEntropy",
)
RANKING = (
    *("YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "QueryRMSE", "QuerySoftMax"),
    *("QueryCrossEntropy", "StochasticFilter", "StochasticRank", "LambdaMart", "GroupQuantile"),
)
_SETS = ("MultiLogloss", "MultiCrossEntropy")
_POSITIVE = ("Poisson", "Tweedie")


def loss(model: Model) -> str:
    """The name of what the model was trained to lower, empty where it doesn't say."""
    parameters = model.info.get("params")
    chosen = parameters.get("loss_function") if isinstance(parameters, dict) else None
    return str(chosen.get("type", "")) if isinstance(chosen, dict) else ""


def labels(model: Model) -> Array:
    """The classes in the order of their scores, in the type they were trained with.

    Raises Unreadable where there are fewer than scores.
    """
    told = model.info.get("class_params")
    told = told if isinstance(told, dict) else {}
    names = told.get("class_names") or list(range(max(2, model.dimension)))
    kinds = {"Integer": np.int64, "Float": np.float64, "Boolean": np.bool_}
    kind = kinds.get(str(told.get("class_label_type", "Integer")))
    if len(names) < max(2, model.dimension):
        raise Unreadable(f"it tells {model.dimension} classes apart and names {len(names)}")
    return np.array(names, kind) if kind else np.array([str(name) for name in names], object)


def classified(model: Model, raw: Var) -> Answers:
    """Labels and probabilities from raw scores ``[N, dimension]``."""
    if loss(model) in _SETS:
        chosen = op.cast(op.greater(raw, const(0.0)), to=np.int64)
        return {"predict": chosen, "predict_proba": linear.expit(raw), "raw": raw}
    if model.dimension == 1:
        return _two(model, raw)
    shares = linear.expit(raw) if loss(model) == "MultiClassOneVsAll" else linear.softmax(raw)
    best = op.arg_max(raw, axis=1, keepdims=1)
    return {"predict": classes.label(best, labels(model)), "predict_proba": shares, "raw": raw}


def _two(model: Model, raw: Var) -> Answers:
    """The second class where the score is above the one that the probability threshold stands for."""
    known, score = labels(model), linear.column(raw)
    share = float(model.info.get("binclass_probability_threshold") or 0.5)
    above = classes.above(score, -np.log(1 / share - 1) if share != 0.5 else 0.0)
    p = linear.two_columns(linear.expit(raw))
    return {"predict": classes.label(above, known), "predict_proba": p, "raw": score}


def regressed(model: Model, raw: Var) -> Answers:
    """What regressors answer: the score, its exponential, or a mean and a variance."""
    score = linear.column(raw) if model.dimension == 1 else raw
    if loss(model) in _POSITIVE:
        return {"predict": op.exp(score), "raw": score}
    if loss(model) == "RMSEWithUncertainty":
        mean, spread = (op.slice(raw, const([i]), const([i + 1]), const([1])) for i in (0, 1))
        variance = op.exp(spread * const(2.0))
        return {"predict": op.concat([mean, variance], axis=1), "raw": raw}
    return {"predict": score, "raw": score}
