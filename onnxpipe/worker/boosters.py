"""Boosting libraries inside scikit-learn: lone boosters, margins, and columns of categories."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]

_MARGINS = {"xgboost": ("margin", "output_margin"), "lightgbm": ("raw", "raw_score")}


def library(model: Any) -> str:
    """The boosting library that a model's class is from, empty for any other."""
    name = type(model).__module__.partition(".")[0]
    return name if name in _MARGINS else ""


def adapted(model: Any) -> Any:
    """A lone booster as something that answers to rows by method name; anything else as it is."""
    if type(model).__name__ == "Booster" and library(model):
        return main.sibling(library(model) + "_native").Asked(model)
    return model


def is_adapted(model: Any) -> bool:
    return type(model).__name__ == "Asked" and type(model).__module__.startswith("_onnxpipe_")


def margin(model: Any, method: str) -> Optional[Callable[[Any], Any]]:
    """What answers ``margin`` (XGBoost) or ``raw`` (LightGBM), which are options of ``predict`` there."""
    name, option = _MARGINS.get(library(model), ("", ""))
    return (lambda X: model.predict(X, **{option: True})) if name == method else None


def framed(model: Any, frame: Any) -> Any:
    """The data frame with columns of categories as they were fitted: what isn't among them is missing."""
    booster = getattr(model, "_Booster", None)
    if not library(model) or booster is None:
        return frame
    known = main.sibling(library(model) + "_native").categories(booster)
    for place, values in known.items():
        name = frame.columns[place]
        frame[name] = categorical(frame[name], values)
    return frame


def categorical(column: Any, known: List[Any]) -> Any:
    """A column of the known categories; what isn't among them is missing.

    pandas tells 1.0 from True, but whole numbers and truth values with gaps come as floats.
    """
    import pandas as pd

    codes = {value: code for code, value in enumerate(known)}
    found = [codes.get(value, -1) for value in np.asarray(column, object).tolist()]
    return pd.Categorical.from_codes(found, categories=pd.Index(known))


def columns(names: Optional[List[str]], rows: Mapping[str, Any]) -> List[Any]:
    """The columns ``[N, d]`` each in fitted order, or the one matrix."""
    values = rows.values() if names is None or list(rows) == ["X"] else [rows[name] for name in names]
    return [v if v.ndim > 1 else v[:, None] for v in map(np.asarray, values)]


def answers(model: Any, rows: Mapping[str, Any], methods: List[str]) -> Dict[str, Any]:
    """A lone booster's answers by output name."""
    table = model.table(rows)
    return {method: np.asarray(getattr(model, method)(table)) for method in methods}


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What a lone booster, the one stage, got and answered, and its path where it refused."""
    records = []
    for path, methods in wanted.items():
        record = {"path": path, "inputs": arrive(model, rows), "answers": {}}  # type: Dict[str, Any]
        records.append(record)
        try:
            record["answers"] = answers(model, rows, [m for m in methods if hasattr(model, m)])
        except Exception:
            return records, path
    return records, ""


def arrive(model: Any, rows: Mapping[str, Any]) -> Dict[str, Any]:
    """The columns as they arrive at a lone booster: one matrix, or one by one where some are text."""
    read = getattr(model, "read", None)
    parts = columns(read(rows) if read else model.names, rows)
    if any(part.dtype.kind == "O" for part in parts):
        return {str(i): part for i, part in enumerate(parts)}
    return {"0": np.concatenate(parts, axis=1)}
