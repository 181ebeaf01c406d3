"""Pickled boosters and estimators: what their classes work out on demand, as attributes like the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.lightgbm import columns, text
from onnxpipe.adapters.reading import reading
from onnxpipe.core.plan import Stage
from onnxpipe.core.record import Record, walk

_BOOSTERS = ("lightgbm.basic.Booster", "lightgbm.Booster")


def complete(root: Record) -> None:
    """Read the text of every booster under ``root``, and tell estimators what scikit-learn asks of them.

    Raises Unreadable for a text that isn't a model.
    """
    records = [record for record in walk(root) if record.kind.startswith("lightgbm.")]
    for record in records:
        # "handle" up to 3.3
        model = record.get("_handle") or record.get("handle")
        if record.kind in _BOOSTERS and isinstance(model, str):
            with reading("LightGBM model", "the pickled Booster", "Save the pipeline again."):
                record.state = {**record.fields, **text.fields(model), **_kept(record)}
                record.state |= _columns(record)
    for record in records:
        if isinstance(booster := record.get("_Booster"), Record):
            record.state = {**_properties(record, booster), **record.fields}


def _kept(booster: Record) -> dict[str, Any]:
    """What the object knows better than its text."""
    known = booster.get("pandas_categorical")
    return {"pandas_categorical": [list(values) for values in known]} if known else {}


def _columns(booster: Record) -> dict[str, Any]:
    """How many columns a booster was fitted on, and their names unless they are made up."""
    found: dict[str, Any] = {"n_features_in_": int(booster.get("max_feature_idx", -1)) + 1}
    names = columns.names(Stage(booster.kind, "", booster.fields))
    if names is not None:
        found["feature_names_in_"] = np.array(names, object)
    return found


def _properties(estimator: Record, booster: Record) -> dict[str, Any]:
    """``n_features_in_``, ``feature_names_in_`` and ``classes_``, which are properties of the class."""
    found = _columns(booster)
    if estimator.get("_classes") is not None:
        found["classes_"] = np.asarray(estimator.get("_classes"))
    return found
