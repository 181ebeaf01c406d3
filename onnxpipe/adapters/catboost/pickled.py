"""CatBoost's estimators in pickles: what their classes work out on demand, as attributes like the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.adapters.catboost import predictions
from onnxpipe.adapters.catboost.estimators import MODEL, parsed
from onnxpipe.core.record import Record, walk


def complete(root: Record) -> None:
    """Tell the estimators under ``root`` what scikit-learn asks of them. Raises Unreadable."""
    for record in walk(root):
        data = record.get(MODEL) if record.kind.startswith("catboost.") else None
        if isinstance(data, bytes):
            record.state = {**_properties(record.kind, data), **record.fields}


def _properties(kind: str, data: bytes) -> dict[str, Any]:
    """``n_features_in_``, ``feature_names_in_`` and ``classes_``, which are properties of the class."""
    model = parsed(data)
    found: dict[str, Any] = {"n_features_in_": model.width}
    if model.names is not None:
        found["feature_names_in_"] = np.array(model.names, object)
    if kind.endswith("Classifier"):
        found["classes_"] = predictions.labels(model)
    return found
