"""XGBoost's own answers: a saved booster loaded and asked."""

from __future__ import annotations

import itertools
import json
import sys
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]


def load(path: str, _format: str, _names: List[str]) -> Any:
    """The booster in a file, whose format XGBoost tells from its bytes."""
    import xgboost

    with open(path, "rb") as file:
        return Asked(xgboost.Booster(model_file=bytearray(file.read())))


def versions() -> Dict[str, str]:
    """The version that answers."""
    import xgboost

    return {"xgboost": str(xgboost.__version__)}


class Asked:
    """A booster that answers to rows by method name, as estimators do."""

    def __init__(self, booster: Any) -> None:
        self.booster, self.names = booster, booster.feature_names
        self.linear = json.loads(booster.save_config())["learner"]["gradient_booster"]["name"] == "gblinear"
        self.categories, self.width = categories(booster), booster.num_features()

    def predict(self, X: Any) -> Any:
        return self._ask(X, "value")

    def margin(self, X: Any) -> Any:
        return self._ask(X, "margin")

    def _ask(self, X: Any, kind: str) -> Any:
        X, margin = self._split(np.asarray(X, np.float32))
        if not self.linear:
            return self.booster.inplace_predict(
                X, predict_type=kind, validate_features=False, base_margin=margin
            )
        import xgboost

        rows = xgboost.DMatrix(X, base_margin=margin)
        return self.booster.predict(rows, output_margin=kind == "margin", validate_features=False)

    def _split(self, X: Any) -> Tuple[Any, Any]:
        """The columns that were fitted, and the margin ``[N, scores]`` behind them, None without one."""
        margin = X[:, self.width :]
        return np.ascontiguousarray(X[:, : self.width]), margin if margin.shape[1] else None

    def table(self, rows: Mapping[str, Any]) -> Any:
        """The rows as one matrix ``[N, d]``; categories as their codes, unknown ones missing.

        Margins to start from, ``base_margin``, are its last columns.
        """
        parts = main.sibling("boosters").columns(self.read(rows), rows)
        return np.concatenate([self._coded(i, part) for i, part in enumerate(parts)], axis=1)

    def read(self, rows: Mapping[str, Any]) -> Optional[List[str]]:
        """The columns that are read, in order, None for a plain matrix."""
        margin = ["base_margin"] if "base_margin" in rows else []
        return None if self.names is None else list(dict.fromkeys([*self.names, *margin]))

    def _coded(self, place: int, values: Any) -> Any:
        if place not in self.categories:
            return values.astype(np.float32)
        codes = {value: float(code) for code, value in enumerate(self.categories[place])}
        flat = [codes.get(value, np.nan) for value in values.ravel().tolist()]
        return np.array(flat, np.float32).reshape(values.shape)


def categories(booster: Any) -> Dict[int, List[Any]]:
    """The categories of each column that a booster keeps them of (since 3.1), by their codes."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    booster = learner["gradient_booster"]
    model = booster.get("gbtree", booster).get("model", {})
    found = {}
    for place, entry in enumerate((model.get("cats") or {}).get("enc") or ()):
        values, ends = entry["values"], entry.get("offsets")
        if ends is not None:
            data = np.array(values).astype(np.uint8).tobytes()
            values = [data[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(ends)]
        if values:
            found[place] = values
    return found


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], _optional: List[str]) -> Dict[str, Any]:
    """The booster's answers by output name: ``predict`` and ``margin``."""
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
