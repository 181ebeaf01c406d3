"""Boosted trees: one kind against skl2onnx, the other, where that fails, against native."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from tests.bench.converting import cost, ours
from tests.bench.forests import PER_NODE, latencies, samples
from tests.bench.measure import Row, duel, session

TITLE = "Boosted trees"


def rows() -> Iterator[Row]:
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    with tempfile.TemporaryDirectory() as folder:
        for kind in (GradientBoostingRegressor, GradientBoostingClassifier):
            path = fitted(Path(folder), kind(n_estimators=100, random_state=0))
            yield from latencies(f"{kind.__name__}, 100 rounds", path, ("float32", "float64"))
        for kind in (HistGradientBoostingRegressor, HistGradientBoostingClassifier):
            path = fitted(Path(folder), kind(max_iter=100, random_state=0))
            yield from natively(f"{kind.__name__}, 100 rounds", path)
        yield growth(Path(folder), HistGradientBoostingRegressor)


def fitted(folder: Path, model: Any) -> Path:
    """A model on 5,000 rows (of three classes, if it wants classes), saved with joblib."""
    from sklearn.base import is_classifier

    x = samples(5000)
    score = x[:, 0] + x[:, 1] * x[:, 2] + np.random.default_rng(1).normal(size=len(x)) / 2
    path = folder / f"{type(model).__name__}-{model.get_params().get('max_iter', '')}.joblib"
    joblib.dump(model.fit(x, np.digitize(score, [-0.5, 0.5]) if is_classifier(model) else score), path)
    return path


def natively(what: str, path: Path) -> Iterator[Row]:
    """The float64 graph's times beside the estimator's own."""
    model, graph = joblib.load(path), session(ours(path))
    methods = [m for m in ("predict", "predict_proba") if hasattr(model, m)]
    for count in (1, 10_000):
        x = samples(count)
        found = duel(partial(graph.run, None, {"X": x}), partial(_asked, model, methods, x), 2.0)
        label = f"{what}, float64 graph, {count:,} rows"
        yield Row(label, found.ours * 1e6, found.peer * 1e6, "µs", "native", 1.0, found.ratio)


def _asked(model: Any, methods: list[str], x: Any) -> None:
    for method in methods:
        getattr(model, method)(x)


def growth(folder: Path, kind: Any) -> Row:
    """Seconds per hundred rounds converted, of many rounds and of few."""
    early = {"early_stopping": False, "random_state": 0}
    many, few = (fitted(folder, kind(max_iter=count, **early)) for count in (400, 99))
    each = [100 * cost("ours", path)[0] / count for path, count in ((many, 400), (few, 99))]
    return Row("100 rounds converted, of 400", *each, "s CPU", "ours, of 99", PER_NODE)
