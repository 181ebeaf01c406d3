"""Splits turned round for speed: every row goes where it went, on thresholds and next to them too."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
import spox

from onnxpipe.blocks.forests import turning
from onnxpipe.blocks.forests.tree_node import LEQ, LT
from onnxpipe.blocks.forests.trees import Forest, ensemble
from onnxpipe.core.ops import Tensor, argument
from tests.harness import open_session

WIDTH, TREES, SPLITS = 3, 12, 9
FINITE = {dtype: (np.finfo(dtype).min, np.finfo(dtype).max) for dtype in (np.float32, np.float64)}


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


def answered(forest: Forest, weights: Any, rows: Any) -> tuple[Any, onnx.NodeProto]:
    """What the graph of a forest answers, and the node of its trees."""
    x = argument(Tensor(rows.dtype, ("N", WIDTH)))
    made = spox.build({"x": x}, {"y": ensemble(x, forest, weights, np.zeros(len(weights), np.int64))})
    (node,) = (node for node in made.graph.node if node.op_type == "TreeEnsemble")
    return open_session(made).run(None, {"x": rows})[0], node


def columns(node: onnx.NodeProto) -> Any:
    return np.array(next(a.ints for a in node.attribute if a.name == "nodes_featureids"))


def follows_nan(node: onnx.NodeProto) -> bool:
    """Whether splits say where NaN goes."""
    return any(a.name == "nodes_missing_value_tracks_true" for a in node.attribute)


def counted(forest: Forest, rng: Any) -> Forest:
    """The forest with rows that came by its nodes: any number at a leaf, their sum above."""
    cover = np.where(forest.is_leaf, rng.integers(0, 100, len(forest.left)), 0)
    for node in np.flatnonzero(~forest.is_leaf)[::-1]:
        cover[node] = cover[forest.left[node]] + cover[forest.right[node]]
    return forest._replace(cover=cover)


@pytest.mark.parametrize("infinite", [False, True], ids=["finite thresholds", "all thresholds"])
@pytest.mark.parametrize("cover", [False, True], ids=["sizes", "covers"])
@pytest.mark.parametrize("mode", [LEQ, LT])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_row_goes_where_it_went(
    dtype: Any, mode: int, cover: bool, infinite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(mode)
    forest, weights = chance_forest(rng, dtype, mode)
    if not infinite:
        forest = forest._replace(threshold=np.clip(forest.threshold, *FINITE[dtype]))
    exact = np.unique(forest.threshold)
    with np.errstate(over="ignore"):
        beside = [np.nextafter(exact, dtype(end)) for end in (-np.inf, np.inf)]
    rows = rng.choice([*exact, *np.concatenate(beside), np.inf, -np.inf, np.nan], (4000, WIDTH)).astype(dtype)
    plain, node = answered(forest, weights, rows)
    assert columns(node).max() < WIDTH
    monkeypatch.setattr(turning, "_steps_paid", lambda *_: -1)
    turned, node = answered(counted(forest, rng) if cover else forest, weights, rows)
    assert np.mean(columns(node) >= WIDTH) > 0.1
    assert follows_nan(node) == infinite
    np.testing.assert_array_equal(turned, plain)


@pytest.mark.parametrize("steps", [0, 1])
def test_forests_that_gain_little_stay_as_they_are(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    forest, weights = chance_forest(np.random.default_rng(0), np.float32, LEQ)
    inner = ~forest.is_leaf
    cover = np.ones(len(inner))
    cover[forest.left[inner]] = 3  # so each split gains half a step
    forest = forest._replace(cover=cover, threshold=np.ones_like(forest.threshold))
    monkeypatch.setattr(turning, "_steps_paid", lambda *_: TREES * SPLITS / 2 + steps)
    _, node = answered(forest, weights, np.zeros((1, WIDTH), np.float32))
    assert (columns(node).max() >= WIDTH) == (steps == 0)


@pytest.mark.parametrize(
    "cover", [np.nan, np.inf, -np.inf, -1.0, np.float32(3e38), 2**63 - 1, -(2**63)], ids=repr
)
@pytest.mark.parametrize("sides", [0.0, 0.5])
def test_counts_that_are_none_do_no_harm(cover: Any, sides: float) -> None:
    """In a damaged file anything may stand for how many rows came by."""
    rng = np.random.default_rng(0)
    forest, weights = chance_forest(rng, np.float32, LEQ)
    rows = rng.normal(size=(100, WIDTH)).astype(np.float32)
    told = np.full(len(forest.left), cover)
    told[rng.random(len(told)) < sides] = 1
    np.testing.assert_array_equal(
        answered(forest._replace(cover=told), weights, rows)[0], answered(forest, weights, rows)[0]
    )


@pytest.mark.parametrize("infinite", [False, True], ids=["finite thresholds", "all thresholds"])
def test_splits_that_are_all_turned(infinite: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing reads the columns as they are."""
    rng = np.random.default_rng(1)
    forest, weights = chance_forest(rng, np.float64, LT)
    threshold = rng.normal(size=len(forest.left)).round(1) + 5
    threshold[~forest.is_leaf & (rng.random(len(threshold)) < 0.1)] = -np.inf if infinite else 6.0
    cover = np.ones(len(threshold))
    cover[forest.left[~forest.is_leaf & np.isfinite(threshold)]] = 3
    forest = forest._replace(threshold=threshold, cover=cover)
    rows = rng.choice([*np.unique(threshold), *rng.normal(size=20) + 5, np.nan], (500, WIDTH))
    monkeypatch.setattr(turning, "_steps_paid", lambda *_: np.inf)
    plain = answered(forest, weights, rows)[0]
    monkeypatch.setattr(turning, "_steps_paid", lambda *_: -1)
    np.testing.assert_array_equal(answered(forest, weights, rows)[0], plain)
