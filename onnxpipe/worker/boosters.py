"""Boosting libraries inside scikit-learn: lone boosters, margins, and columns of categories."""

from __future__ import annotations

import sys
from typing import Any, Callable, Optional

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
    import pandas as pd

    booster = getattr(model, "_Booster", None)
    if not library(model) or booster is None:
        return frame
    known = main.sibling(library(model) + "_native").categories(booster)
    for place, values in known.items():
        name = frame.columns[place]
        frame[name] = pd.Categorical(frame[name], categories=values)
    return frame
