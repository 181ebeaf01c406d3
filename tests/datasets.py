"""The rows cases are fitted on: small, seeded or real, each a function answering (rows, target)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor


def fitting(estimator: Any) -> str:
    """The dataset an estimator of its kind is fitted on by default."""
    if is_classifier(estimator):
        return "classes"
    return "regression" if is_regressor(estimator) else "numeric"


def load(name: str) -> tuple[Any, Any]:
    """(rows, target) of a dataset by name, made afresh copies of one cached original."""
    rows, target = _made(name)
    return rows.copy(), target if target is None else target.copy()


@cache
def _made(name: str) -> tuple[Any, Any]:
    result: tuple[Any, Any] = globals()[f"make_{name}"]()
    return result


def _matrix(n: int = 150, d: int = 4) -> Any:
    return np.random.default_rng(0).normal(size=(n, d)) * [1.0, 10.0, 0.1, 3.0][:d] + [0, 5, 0, -2][:d]


def make_numeric() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, (rows[:, 0] > 0).astype(int)


def make_classes() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, np.digitize(rows[:, 0] + 0.1 * rows[:, 1], [0.0, 1.0])


def make_binary() -> tuple[Any, Any]:
    rows, target = make_classes()
    return rows, (target > 0).astype(int)


def make_labels() -> tuple[Any, Any]:
    rows, target = make_classes()
    return rows, np.array(["low", "mid", "high"])[target]


def make_binary_labels() -> tuple[Any, Any]:
    rows, target = make_binary()
    return rows, np.array(["no", "yes"])[target]


def make_multilabel() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, np.stack([rows[:, 0] > 0, rows[:, 1] > 5], axis=1).astype(int)


def make_regression() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, rows @ [1.0, -0.2, 3.0, 0.5] + np.sin(rows[:, 0])


def make_targets() -> tuple[Any, Any]:
    rows, target = make_regression()
    return rows, np.stack([target, -target + rows[:, 1]], axis=1)


def make_positive() -> tuple[Any, Any]:
    rows, target = make_classes()
    return np.abs(rows), target


def make_counts() -> tuple[Any, Any]:
    rows, target = make_classes()
    return np.floor(np.abs(rows)), target


def make_missing() -> tuple[Any, Any]:
    rows, target = make_classes()
    rows[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    return rows, target


def make_missing_regression() -> tuple[Any, Any]:
    rows, target = make_regression()
    rows[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    return rows, target


def make_frame() -> tuple[Any, Any]:
    """A table of floats with gaps, integers and text."""
    rows, target = make_classes()
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rows[:, :2], columns=["length", "width"])
    frame.loc[rng.random(len(frame)) < 0.1, "width"] = np.nan
    frame["count"] = rng.integers(0, 5, len(frame))
    frame["city"] = np.array(["Zürich", "Oslo", "São Paulo", "東京"], object)[rng.integers(0, 4, len(frame))]
    frame["size"] = np.array(["S", "M", "L"], object)[rng.integers(0, 3, len(frame))]
    return frame, target


def make_words() -> tuple[Any, Any]:
    """Text columns with missing values."""
    frame = make_frame()[0][["city", "size"]].astype(object)
    frame.loc[np.random.default_rng(3).random(len(frame)) < 0.15, "size"] = np.nan
    return frame, make_classes()[1]


def make_full_words() -> tuple[Any, Any]:
    """Text columns without missing values."""
    return make_frame()[0][["city", "size"]].astype(object), make_classes()[1]


def make_penguins() -> tuple[Any, Any]:
    from palmerpenguins import load_penguins

    frame = load_penguins()
    return frame.drop(columns="species"), frame["species"].to_numpy(dtype=object)
