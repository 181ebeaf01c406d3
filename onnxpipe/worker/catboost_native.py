"""CatBoost's own answers: the saved model loaded by the class its loss belongs to, and asked."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
single = main.sibling("single")

CLASSIFYING = (
    "Logloss", "CrossEntropy", "Focal",
    "MultiClass", "MultiClassOneVsAll", "MultiLogloss", "MultiCrossEntropy",
)  # fmt: skip


def load(path: str, format: str, names: List[str]) -> Any:
    """The model in a .cbm or JSON file."""
    import catboost

    with open(path, "rb") as file:
        kind = "cbm" if file.read(4) == b"CBM1" else "json"
    model = catboost.CatBoost().load_model(path, format=kind)
    parameters = json.loads(dict(model.get_metadata()).get("params", "{}"))
    loss = parameters.get("loss_function", {}).get("type", "")
    chosen = catboost.CatBoostClassifier if loss in CLASSIFYING else catboost.CatBoostRegressor
    return chosen().load_model(path, format=kind)


def versions() -> Dict[str, str]:
    """The version of CatBoost."""
    import catboost

    return {"catboost": catboost.__version__}


def answers(model: Any, rows: Mapping[str, Any], methods: List[str], optional: List[str]) -> Dict[str, Any]:
    """The model's answers by output name."""
    return single.chosen(asked(model, table(model, rows)), methods, optional)  # type: ignore[no-any-return]


def asked(model: Any, rows: Any) -> Dict[str, Any]:
    """All that the model answers to rows."""
    found = {"predict": model.predict(rows), "raw": model.predict(rows, prediction_type="RawFormulaVal")}
    if hasattr(model, "predict_proba"):
        found["predict_proba"] = model.predict_proba(rows)
    return {name: np.asarray(value) for name, value in found.items()}


def table(model: Any, rows: Mapping[str, Any]) -> Any:
    """The rows as the model was trained on them: a matrix, or a data frame of its columns."""
    if list(rows) == ["X"]:
        return rows["X"]
    import pandas as pd

    count = len(next(iter(rows.values())))
    names = model.feature_names_
    if not set(rows) <= set(names):
        names = ["x%d" % i for i in range(len(names))]
    texts = {names[i] for i in model.get_cat_feature_indices()}
    unread = {n: np.full(count, "", object) if n in texts else np.zeros(count) for n in names}
    cells = {n: rows[n].reshape(count) if n in rows else unread[n] for n in names}
    frame = pd.DataFrame(cells, columns=names)
    frame.columns = model.feature_names_
    return frame


def stages(
    model: Any, rows: Mapping[str, Any], wanted: Mapping[str, List[str]]
) -> Tuple[List[Dict[str, Any]], str]:
    """What the one stage got and answered."""
    return single.stages(rows, wanted, asked(model, table(model, rows)))  # type: ignore[no-any-return]


def arrive(model: Any, rows: Mapping[str, Any], path: str) -> Dict[str, Any]:
    """All columns the model was trained on, also those that it never reads."""
    given = table(model, rows)
    if not hasattr(given, "iloc"):
        return {"0": given}
    return {str(i): given.iloc[:, i].to_numpy()[:, None] for i in range(given.shape[1])}
