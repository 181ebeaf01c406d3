"""CatBoost's models, from a file of its own or as an estimator in a pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.catboost import binary, categories, document, predictions
from onnxpipe.adapters.catboost.forest import forest
from onnxpipe.adapters.catboost.model import Model
from onnxpipe.adapters.reading import reading
from onnxpipe.blocks.forests import leaf_rows
from onnxpipe.core.ops import Var, concat, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import ANY, UNREAD, Answers, converts
from onnxpipe.core.table import Table
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

MODEL = "__model"
"""Under which name a pickled estimator keeps the bytes of its model."""
_RESAVE = "Save it again: model.save_model('model.cbm')."


def model_of(stage: Stage) -> Model:
    """The model in a stage. Raises Unreadable, and Unfitted where there is none."""
    data = stage.get(MODEL)
    if not isinstance(data, bytes):
        raise Unreadable(f"its model is a {type(data).__name__}, not bytes", where=stage.path)
    return parsed(data)


@lru_cache(maxsize=2)
def parsed(data: bytes) -> Model:
    """The model in the bytes of a .cbm or JSON file. Raises Unreadable."""
    with reading("CatBoost model", "", _RESAVE):
        model = binary.read(data) if data[:4] == binary.MAGIC else document.read(data)
        predictions.labels(model)
        return model


def _columns(stage: Stage) -> Sequence[str]:
    model = model_of(stage)
    hints = [UNREAD] * model.width
    for feature in model.used if model.names or model.categorical else model.numeric:
        hints[feature.column] = ANY
    for category in model.categories:
        listed = stage.get("categories")
        values = (listed or {}).get(category.column, np.zeros(0, object))
        hints[category.column] = ANY if listed is None else "string" if values.dtype.kind == "O" else "int64"
    return hints


def _edges(stage: Stage) -> Mapping[int, Array]:
    model, listed = model_of(stage), stage.get("categories") or {}
    read = {feature.column for feature in model.categories}
    borders = {f.column: f.borders for f in model.numeric if len(f.borders)}
    return borders | {column: values for column, values in listed.items() if column in read}


@converts("catboost.core.CatBoostClassifier", columns=_columns, edges=_edges)
def classifier(stage: Stage, table: Table) -> Answers:
    """Labels, probabilities and raw scores."""
    model = model_of(stage)
    return predictions.classified(model, _raw(stage, model, table))


@converts("catboost.core.CatBoostRegressor", columns=_columns, edges=_edges)
def regressor(stage: Stage, table: Table) -> Answers:
    """The prediction that fits the loss, and the raw score."""
    model = model_of(stage)
    return predictions.regressed(model, _raw(stage, model, table))


@converts("catboost.core.CatBoostRanker", "catboost.core.CatBoost", columns=_columns, edges=_edges)
def plain(stage: Stage, table: Table) -> Answers:
    """The raw score."""
    raw = _raw(stage, (model := model_of(stage)), table)
    score = op.squeeze(raw, const([1])) if model.dimension == 1 else raw
    return {"predict": score, "raw": score}


def _raw(stage: Stage, model: Model, table: Table) -> Var:
    """The sum over trees, scaled and moved: float64 ``[N, dimension]``."""
    if model.other:
        raise stage.unsupported(f"uses {' and '.join(model.other)}, which are programs of their own")
    if not len(model.trees.sizes):
        raise stage.unsupported("has no trees")
    made, values = forest(model)
    numbers = _numbers(model, table) if model.used else None
    parts = [numbers] if numbers is not None else []
    x = concat([*parts, *categories.columns(stage, model, table, numbers)], 1)
    total = leaf_rows.summed_rows(x, made, values)
    scaled = total if model.scale == 1 else op.mul(total, const(model.scale))
    return scaled + model.bias if np.any(model.bias) else scaled


def _numbers(model: Model, table: Table) -> Var:
    """The numeric features as float32 ``[N, features]``, NaN as the infinity that goes its way."""
    x = table.take([feature.column for feature in model.used]).matrix(np.float32)
    high = np.array([[feature.nan_is_high for feature in model.used]])
    return op.where(op.isnan(x), const(np.where(high, np.inf, -np.inf).astype(np.float32)), x)
