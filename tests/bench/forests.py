"""Big forests against skl2onnx: time, memory and file size of a conversion, and the graphs' latency."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from tests.bench.converting import PEER, Limits, compared, cost, ours, theirs
from tests.bench.measure import Row, duel, session

TITLE = "Big forests"
LIMITS = Limits(seconds=1 / 8, memory=1 / 2, size=0.4)
LATENCY = {"float32": 1.0, "float64": 1.3}
PER_NODE = 1.3
"""How much more a node of the larger forest may cost than one of the smaller: linear growth."""
LEAVES: dict[str, tuple[int, dict[str, Any]]] = {
    "2 classes, depth 5": (2, {"max_depth": 5}),
    "3 classes, depth 5": (3, {"max_depth": 5}),
    "2 classes, leaves of 5 rows": (2, {"min_samples_leaf": 5}),
    "3 classes, leaves of 5 rows": (3, {"min_samples_leaf": 5}),
}
"""Forests whose leaves hold rows of several classes."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        small, large = (forest(Path(folder), trees, 3, {}) for trees in (100, 500))
        nodes = {path: counted(path) for path in (small, large)}
        yield from compared(f"forest of 500 trees, {nodes[large] / 1e6:.2f}M nodes", large, LIMITS)
        each = {path: 1e6 * cost("ours", path)[0] / nodes[path] for path in nodes}
        what = "a million nodes converted, of 500 trees"
        yield Row(what, each[large], each[small], "s CPU", "ours, of 100 trees", PER_NODE)
        yield from latencies("forest of 100 trees", small, ("float32", "float64"))
        for name, (classes, options) in LEAVES.items():
            path = forest(Path(folder), 100, classes, options)
            yield from latencies(f"100 trees, {name}", path, ("float32",))


def samples(count: int) -> Any:
    """Rows of 20 features, always the same."""
    return np.random.default_rng(0).normal(size=(count, 20))


def forest(folder: Path, trees: int, classes: int, options: dict[str, Any]) -> Path:
    """A forest on 10,600 noisy rows, grown full about 3,400 nodes a tree, saved with joblib."""
    from sklearn.ensemble import RandomForestClassifier

    x = samples(10_600)
    score = x[:, 0] + x[:, 1] * x[:, 2] + np.random.default_rng(1).normal(size=len(x)) / 2
    model = RandomForestClassifier(trees, n_jobs=-1, random_state=0, **options)
    path = folder / f"{trees}-{classes}-{'-'.join(options)}.joblib"
    joblib.dump(model.fit(x, np.digitize(score, [0.0] if classes == 2 else [-0.5, 0.5])), path)
    return path


def counted(path: Path) -> int:
    """The nodes of a saved forest."""
    return sum(tree.tree_.node_count for tree in joblib.load(path).estimators_)


def latencies(what: str, path: Path, dtypes: tuple[str, ...]) -> Iterator[Row]:
    """The graphs' times at 1, 100 and 10,000 rows."""
    peer = session(theirs(path))
    for dtype in dtypes:
        graph = session(ours(path, dtype))
        for count in (1, 100, 10_000):
            x = samples(count)
            mine, other = {"X": x.astype(dtype)}, {"X": x.astype(np.float32)}
            found = duel(lambda: graph.run(None, mine), lambda: peer.run(None, other), 2.0)  # noqa: B023
            yield Row(
                f"{what}, {dtype} graph, {count:,} rows", found.ours * 1e6, found.peer * 1e6, "µs", PEER,
                LATENCY[dtype], found.ratio,
            )  # fmt: skip
