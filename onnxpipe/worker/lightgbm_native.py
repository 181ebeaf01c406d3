"""LightGBM's own answers: a saved model loaded and asked."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]


def load(path: str, _format: str, _names: List[str]) -> Any:
    """The booster in a model text."""
    import lightgbm

    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.startswith("tree"):
        raise ValueError("LightGBM can't load a dump_model() JSON, only save_model() text")
    return Asked(lightgbm.Booster(model_str=text))


def versions() -> Dict[str, str]:
    """The version that answers."""
    import lightgbm

    return {"lightgbm": str(lightgbm.__version__)}


class Asked:
    """A booster that answers to rows by method name, as estimators do."""

    def __init__(self, booster: Any) -> None:
        self.booster, self.categories = booster, categories(booster)
        names = booster.feature_name()
        made_up = names == ["Column_%d" % i for i in range(len(names))]
        self.names = None if made_up else names

    def predict(self, X: Any) -> Any:
        return self.booster.predict(X)

    def raw(self, X: Any) -> Any:
        return self.booster.predict(X, raw_score=True)

    def table(self, rows: Mapping[str, Any]) -> Any:
        """The rows as one matrix ``[N, d]``; categories as a data frame has them."""
        parts = main.sibling("boosters").columns(self.names, rows)
        if not self.categories:
            return np.concatenate(parts, axis=1)
        import pandas as pd

        values = [part[:, i] for part in parts for i in range(part.shape[1])]
        known, categorical = self.categories, main.sibling("boosters").categorical
        return pd.DataFrame(
            {
                str(i): categorical(value, known[i]) if i in known else pd.Series(value)
                for i, value in enumerate(values)
            }
        )


def categories(booster: Any) -> Dict[int, List[Any]]:
    """The categories of each column that was one of pandas', where the parameters say which those are."""
    known = booster.pandas_categorical or []
    told = re.search(r"^\[categorical_feature: (.*)\]$", booster.model_to_string(num_iteration=1), re.M)
    places = sorted(int(p) for p in (told.group(1).split(",") if told else []) if p.isdigit())
    return {p: list(known[i]) for i, p in enumerate(places)} if len(places) == len(known) else {}


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], _optional: List[str]) -> Dict[str, Any]:
    """The booster's answers by output name: ``predict`` and ``raw``."""
    found: Dict[str, Any] = main.sibling("boosters").answers(model, rows, methods)
    return found


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the one stage got and answered, and its path where it refused."""
    found: Tuple[List[Dict[str, Any]], str] = main.sibling("boosters").stages(model, rows, wanted)
    return found


def arrive(model: Any, rows: Mapping[str, Any], _path: str) -> Dict[str, Any]:
    """The columns as they arrive."""
    found: Dict[str, Any] = main.sibling("boosters").arrive(model, rows)
    return found
