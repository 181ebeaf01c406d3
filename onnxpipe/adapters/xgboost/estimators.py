"""Estimators of XGBoost's scikit-learn interface: python-package/xgboost/sklearn.py, 1.6 to 3.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.xgboost import columns, objectives, trees
from onnxpipe.blocks import classes, linear
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check, Table


def _booster(stage: Stage) -> Stage:
    """The fitted booster inside an estimator. Raises Unfitted where there is none."""
    return stage.child("_Booster", stage._Booster)


def _refused(stage: Stage) -> Check:
    """A linear booster takes its rows as a DMatrix, which refuses infinity."""
    return Check.INFINITE if stage.get("booster") == "gblinear" else Check.NOTHING


def _columns(stage: Stage) -> Sequence[str]:
    return columns.hints(_booster(stage))


def _edges(stage: Stage) -> Mapping[int, Any]:
    return columns.edges(_booster(stage), _rounds(stage))


def _rounds(stage: Stage) -> int | None:
    """The rounds up to the best one, where training stopped early; a linear booster has no other."""
    return trees.rounds(_booster(stage))


def _margin(stage: Stage, x: Table) -> Var:
    booster = _booster(stage)
    rows = columns.matrix(booster, x, stage.get("missing"))
    return objectives.margins(booster, guarded(stage.context, rows, _refused(stage)), _rounds(stage))


@converts(
    *(f"xgboost.sklearn.{name}" for name in ("XGBRegressor", "XGBRFRegressor", "XGBRanker", "XGBModel")),
    refuses=_refused,
    columns=_columns,
    edges=_edges,
)
def regressor(stage: Stage, x: Table) -> Answers:
    """The booster's predictions, and its margins."""
    margin = _margin(stage, x)
    predicted = objectives.predictions(_booster(stage), margin)
    return {"predict": predicted, "margin": objectives.flat(margin)}


@converts(
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
    refuses=_refused,
    columns=_columns,
    edges=_edges,
)
def classifier(stage: Stage, x: Table) -> Answers:
    """Shares of one label, of several, or of each class, and the labels that follow."""
    margin = _margin(stage, x)
    shares = objectives.objective(_booster(stage)).predict(margin)
    return {**_labelled(stage, margin, shares), "margin": objectives.flat(margin)}


def _labelled(stage: Stage, margin: Var, shares: Var) -> Answers:
    """The labels and shares that ``XGBClassifier`` makes of the booster's predictions ``[N, k]``."""
    labels = np.asarray(stage.classes_)
    if stage.objective == "multi:softmax":
        predicted = classes.most_likely(margin, labels.astype(np.int32))
        return {"predict": predicted, "predict_proba": linear.softmax(margin)}
    if shape_of(shares)[1] == 1:
        predicted = classes.label(_over_half(linear.column(shares)), labels)
        return {"predict": predicted, "predict_proba": linear.two_columns(shares)}
    if len(labels) == 2:
        return {"predict": cast(_over_half(shares), np.float64), "predict_proba": shares}
    return {"predict": classes.most_likely(shares, labels), "predict_proba": shares}


def _over_half(shares: Var) -> Var:
    return cast(op.greater(shares, const(0.5, dtype_of(shares))), np.int64)
