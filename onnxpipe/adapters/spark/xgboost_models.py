"""XGBoost's models for Spark: python-package/xgboost/spark/core.py, 2.0 to 3.4.

The folder holds the booster as the library's own JSON; rows reach it as float32, as anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.predicting import two_sided
from onnxpipe.adapters.xgboost import columns, document, objectives, trees
from onnxpipe.blocks import linear
from onnxpipe.core.frame import Columns
from onnxpipe.core.ops import Var, cast, concat, const, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table
from onnxpipe.errors import Unreadable

_HOME = "xgboost.spark.estimator"


def _booster(stage: Stage) -> Stage:
    """The booster in the folder. Raises Unreadable where it isn't one."""
    try:
        fields = _learner(stage.model)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unreadable("its model isn't a booster in JSON", where=stage.path) from None
    return stage.child("model", Record("xgboost.Booster", "xgboost.Booster", state=fields))


@lru_cache(maxsize=1)
def _learner(text: str) -> dict[str, Any]:
    """The document of a booster, read once for all that one conversion asks of it."""
    return document.learner(text.encode())


def _reads(stage: Stage) -> Sequence[str]:
    """The columns it was fitted on, each on its own, else one of vectors, and the margins of rows."""
    margin = stage.get("base_margin_col")
    return (*(stage.get("features_cols") or (stage.featuresCol,)), *([margin] if margin else ()))


def _kinds(stage: Stage) -> Sequence[str]:
    names, margin = stage.get("features_cols"), stage.get("base_margin_col")
    features = (kinds.NUMBER,) * len(names) if names else (kinds.vector(trees.width(_booster(stage))),)
    return (*features, *((kinds.NUMBER,) if margin else ()))


def _edges(stage: Stage) -> Mapping[int, Any]:
    booster = _booster(stage)
    return columns.edges(booster, _rounds(stage, booster))


def _rounds(stage: Stage, booster: Stage) -> int | None:
    """The rounds that predictions add up. Raises Unsupported for a range that starts later."""
    start, stop = stage.get("iteration_range") or (0, 0)
    if start:
        raise stage.unsupported(f"leaves out its first {start} rounds (iteration_range)")
    return stop or trees.rounds(booster)


def _margin(stage: Stage, booster: Stage, xs: Columns) -> Var:
    """The sum of all trees, and the margins of rows in place of the first prediction.

    Raises Unsupported for those of several classes, which would need as many columns.
    """
    read, given = [numbers(column) for column in xs], None
    if stage.get("base_margin_col"):
        if trees.groups(booster) > 1:
            raise stage.unsupported("starts from base_margin_col, one margin for several classes")
        given = cast(read.pop(), np.float32)
    rows = columns.matrix(booster, Table.of(concat(read, 1)), stage.get("missing"))
    return objectives.margins(booster, rows, _rounds(stage, booster), given)


@converts(f"{_HOME}.SparkXGBClassifierModel", reads=_reads, columns=_kinds, edges=_edges, single=True)
def classifier(stage: Stage, xs: Columns) -> dict[str, Var]:
    """Margins, their shares in float32, and the class with the highest share, the first of several.

    Formula: transform_margin in _ClassificationModel: ``expit`` of one margin and what is left of 1,
    else SciPy's ``softmax``.
    """
    booster = _booster(stage)
    margin = _margin(stage, booster, xs)
    one = shape_of(margin)[1] == 1
    shares = _pair(linear.expit(margin)) if one else linear.softmax(margin)
    return {
        "rawPredictionCol": cast(two_sided(margin) if one else margin, np.float64),
        "probabilityCol": cast(shares, np.float64),
        "predictionCol": cast(op.arg_max(shares, axis=1, keepdims=1), np.float64),
    }


def _pair(share: Var) -> Var:
    return op.concat([op.sub(const(1, np.float32), share), share], axis=1)


@converts(f"{_HOME}.SparkXGBRegressorModel", reads=_reads, columns=_kinds, edges=_edges, single=True)
def regressor(stage: Stage, xs: Columns) -> dict[str, Var]:
    """The booster's predictions, float32 widened."""
    booster = _booster(stage)
    predicted = objectives.objective(booster).predict(_margin(stage, booster, xs))
    return {"predictionCol": cast(predicted, np.float64)}
