"""From a CatBoost model file to a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.adapters.catboost import binary, predictions
from onnxpipe.adapters.catboost.estimators import MODEL, parsed
from onnxpipe.adapters.catboost.model import Model
from onnxpipe.adapters.inputs import input_ports
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.registry import columns, discover
from onnxpipe.errors import Unreadable

framework = "catboost"
Array = NDArray[Any]

_JSON = re.compile(rb'\s*\{\s*"(?:ctr_data|features_info)"')


def recognises(artefact: Artefact) -> bool:
    """Whether the bytes begin as a .cbm file or CatBoost's JSON export does."""
    return artefact.head(4) == binary.MAGIC or _JSON.match(artefact.head(64)) is not None


def names(artefact: Artefact) -> frozenset[str]:
    """None: a model refers to nothing."""
    return frozenset()


def outline(artefact: Artefact) -> tuple[Stage, ...]:
    """The one stage. Raises Unreadable."""
    discover(__package__ or "")
    data = artefact.read()
    try:
        model = parsed(data)
    except Unreadable as error:
        error.where = error.where or str(artefact)
        raise
    name = _class(predictions.loss(model))
    state: dict[str, Any] = {MODEL: data}
    if name == "CatBoostClassifier":
        state["classes_"] = predictions.labels(model)
    return (Stage(f"catboost.core.{name}", name, state),)


def read(artefact: Artefact, options: Options, sample: Rows | None = None) -> Plan:
    """The plan of a saved model. Raises Unreadable, Unsupported and BadInput."""
    (stage,) = outline(artefact)
    model = parsed(stage.get(MODEL))
    fitted = model.names
    stage = replace(stage, state={**stage.state, "categories": _categories(model, options, sample)})
    ports = input_ports(columns(stage) or (), fitted, options, sample)
    return Plan(framework, _version(model.info.get("catboost_version_info")), stage, ports, fitted)


def _categories(model: Model, options: Options, sample: Rows | None) -> Mapping[int, Array]:
    """By column, the distinct categories in the sample: text (missing: as it travels), else int64."""
    found = {}
    for feature in model.categories:
        held = _column(sample or {}, feature.name, feature.column)
        if held is not None and held.dtype.kind in "iub":
            found[feature.column] = np.unique(held.astype(np.int64))
        elif held is not None and held.dtype.kind in "OU":
            missing = options.missing_string
            texts = sorted({v if isinstance(v, str) else missing for v in held.tolist()})
            found[feature.column] = np.array(texts, object)
    return found


def _column(sample: Rows, name: str, column: int) -> Array | None:
    """A column of the sample ``[N]`` by its name, or by its place in a matrix."""
    if name in sample or f"x{column}" in sample:
        return np.asarray(sample[name if name in sample else f"x{column}"]).reshape(-1)
    matrix = sample.get("X")
    return matrix[:, column] if matrix is not None and matrix.ndim == 2 and matrix.shape[1] > column else None


def _class(loss: str) -> str:
    """The class that a model trained for this loss belongs to."""
    if loss in predictions.CLASSIFYING:
        return "CatBoostClassifier"
    return "CatBoostRanker" if loss in predictions.RANKING else "CatBoostRegressor"


def _version(told: object) -> str:
    """The version in a model's notes on its making, empty where there is none."""
    found = re.search(r"\bv(\d+(?:\.\d+)+)", str(told))
    return found.group(1) if found else ""
