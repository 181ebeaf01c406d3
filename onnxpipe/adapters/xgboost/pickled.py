"""Pickled boosters and estimators: what their classes work out on demand, as attributes like the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.reading import reading
from onnxpipe.adapters.xgboost import document
from onnxpipe.core.record import Record, walk

_BOOSTERS = ("xgboost.core.Booster", "xgboost.Booster")


def complete(root: Record) -> None:
    """Read the bytes of every booster under ``root``, and tell estimators what scikit-learn asks of them.

    Raises Unreadable for bytes that aren't a booster's.
    """
    records = [record for record in walk(root) if record.kind.startswith("xgboost.")]
    for record in records:
        if record.kind in _BOOSTERS and isinstance(record.get("handle"), (bytes, bytearray, memoryview)):
            with reading("XGBoost model", "the pickled Booster", "Save the pipeline again."):
                record.state = {**record.fields, **document.learner(bytes(record.get("handle")))}
                record.state |= _columns(record)
    for record in records:
        if isinstance(booster := record.get("_Booster"), Record):
            record.state = {**_properties(record, booster), **record.fields}


def _columns(booster: Record) -> dict[str, Any]:
    """How many columns a booster was fitted on, and their names if it knows them."""
    found: dict[str, Any] = {"n_features_in_": int(booster.get("learner_model_param")["num_feature"])}
    if names := booster.get("feature_names"):
        found["feature_names_in_"] = np.array([str(name) for name in names], object)
    return found


def _properties(estimator: Record, booster: Record) -> dict[str, Any]:
    """``n_features_in_``, ``feature_names_in_`` and ``classes_``, which are properties of the class."""
    found = _columns(booster)
    if (count := estimator.get("n_classes_")) is not None:
        encoder = estimator.get("_le")  # of 1.3 to 1.5, with use_label_encoder
        labels = encoder.get("classes_") if isinstance(encoder, Record) else None
        found["classes_"] = np.arange(int(count)) if labels is None else labels
    return found
