"""Splits turned round for speed: every row goes where it went, on thresholds and next to them too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import spox

from onnxpipe.blocks import turning
from onnxpipe.blocks.tree_node import LEQ, LT
from onnxpipe.blocks.trees import Forest, ensemble
from onnxpipe.core.ops import Tensor, argument
from tests.harness import open_session

WIDTH, TREES, SPLITS = 3, 12, 9


def chance_forest(rng: Any, dtype: Any, mode: int) -> tuple[Forest, Any]:
    """A forest, thresholds at the ends of the numbers among its own, and its leaf weights."""
    limits = np.finfo(dtype)
    odd = [0.0, -0.0, limits.tiny, -limits.tiny, limits.smallest_subnormal, limits.max, limits.min]
    odd += [np.inf, -np.inf, 1.0, np.nextafter(dtype(1), dtype(2))]
    parts, roots, nodes = [], [], 0
    for _ in range(TREES):
        left, right = [-1], [-1]
        for _ in range(SPLITS):
            leaf = rng.choice(np.flatnonzero(np.array(left) < 0))
            left[leaf], right[leaf] = len(left), len(left) + 1
            left += [-1, -1]
            right += [-1, -1]
        roots.append(nodes)
        parts.append([np.array(side) + np.where(np.array(side) < 0, 0, nodes) for side in (left, right)])
        nodes += len(left)
    left, right = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    threshold = np.where(rng.random(nodes) < 0.5, rng.choice(odd, nodes), rng.normal(size=nodes).round(1))
    forest = Forest(
        feature=rng.integers(0, WIDTH, nodes),
        threshold=threshold.astype(dtype),
        left=left,
        right=right,
        roots=np.array(roots),
        nan_left=rng.random(nodes) < 0.5,
        modes=np.full(nodes, mode),
    )
    return forest, rng.integers(0, 1000, int(np.sum(left < 0))).astype(dtype)


def answered(forest: Forest, weights: Any, rows: Any) -> tuple[Any, Any]:
    """What the graph of a forest answers, and the columns that its splits read."""
    x = argument(Tensor(rows.dtype, ("N", WIDTH)))
    made = spox.build({"x": x}, {"y": ensemble(x, forest, weights, np.zeros(len(weights), np.int64))})
    (node,) = (node for node in made.graph.node if node.op_type == "TreeEnsemble")
    (read,) = (a.ints for a in node.attribute if a.name == "nodes_featureids")
    return open_session(made).run(None, {"x": rows})[0], np.array(read)


@pytest.mark.parametrize("mode", [LEQ, LT])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_row_goes_where_it_went(dtype: Any, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(mode)
    forest, weights = chance_forest(rng, dtype, mode)
    exact = np.unique(forest.threshold)
    with np.errstate(over="ignore"):
        beside = [np.nextafter(exact, dtype(end)) for end in (-np.inf, np.inf)]
    rows = rng.choice([*exact, *np.concatenate(beside), np.nan], (4000, WIDTH)).astype(dtype)
    plain, columns = answered(forest, weights, rows)
    assert columns.max() < WIDTH
    monkeypatch.setattr(turning, "LEAST", 1)
    monkeypatch.setattr(turning, "_PER_COLUMN", 0)
    monkeypatch.setattr(turning, "WORTH", 0.0)
    turned, columns = answered(forest, weights, rows)
    assert 0.1 < np.mean(columns >= WIDTH) < 0.6
    np.testing.assert_array_equal(turned, plain)


@pytest.mark.parametrize(("limit", "value"), [("LEAST", 1000), ("_PER_COLUMN", 1000), ("WORTH", 0.9)])
def test_forests_that_gain_little_stay_as_they_are(
    limit: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    forest, weights = chance_forest(np.random.default_rng(0), np.float32, LEQ)
    for name, usual in (("LEAST", 1), ("_PER_COLUMN", 0), ("WORTH", 0.0)):
        monkeypatch.setattr(turning, name, value if name == limit else usual)
    _, columns = answered(forest, weights, np.zeros((1, WIDTH), np.float32))
    assert columns.max() < WIDTH
