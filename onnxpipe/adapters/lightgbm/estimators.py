"""Estimators of LightGBM's scikit-learn interface: python-package/lightgbm/sklearn.py, 3.0 to 4.7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.lightgbm import columns, models, scores
from onnxpipe.blocks import classes, linear
from onnxpipe.core.ops import Var, cast, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check, Table

_ALIASES = ("pred_early_stop", "predict_early_stop")


def _booster(stage: Stage) -> Stage:
    """The fitted booster inside an estimator. Raises Unfitted where there is none."""
    return stage.child("_Booster", stage._Booster)


def _columns(stage: Stage) -> Sequence[str]:
    return columns.hints(_booster(stage))


def _edges(stage: Stage) -> Mapping[int, Any]:
    booster = _booster(stage)
    return columns.edges(booster, models.rounds(booster))


def _answers(stage: Stage, x: Table) -> Mapping[str, Var]:
    """What the booster answers. Raises Unsupported for predictions that stop early."""
    if any(stage.get(name) or (stage.get("_other_params") or {}).get(name) for name in _ALIASES):
        raise stage.unsupported("stops predictions early (pred_early_stop), before all trees are summed")
    booster = _booster(stage)
    return models.answers(booster, x, models.rounds(booster))


@converts(
    *(f"lightgbm.sklearn.{name}" for name in ("LGBMRegressor", "LGBMRanker", "LGBMModel")),
    refuses=Check.NOTHING,
    columns=_columns,
    edges=_edges,
)
def regressor(stage: Stage, x: Table) -> Answers:
    """The booster's predictions, and its raw scores."""
    return {name: scores.flat(value) for name, value in _answers(stage, x).items()}


@converts("lightgbm.sklearn.LGBMClassifier", refuses=Check.NOTHING, columns=_columns, edges=_edges)
def classifier(stage: Stage, x: Table) -> Answers:
    """The share of each class and the most likely one; raw scores where the objective is a function."""
    found = _answers(stage, x)
    shares, raw = found["predict"], scores.flat(found["raw"])
    scored = {"decision_function": raw, "raw": raw}  # the method came with 4.7
    if stage._objective is not None and not isinstance(stage._objective, str):
        return {"predict": raw, "predict_proba": raw, **scored}
    labels = np.asarray(stage.classes_)
    if shape_of(shares)[1] > 1:
        return {"predict": classes.most_likely(shares, labels), "predict_proba": shares, **scored}
    over = cast(op.greater(linear.column(shares), const(0.5)), np.int64)
    return {
        "predict": classes.label(over, labels),
        "predict_proba": linear.two_columns(shares),
        **scored,
    }
