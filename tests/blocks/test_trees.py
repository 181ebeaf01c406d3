"""Trees at their thresholds: no row on, one ulp below or one ulp above any split may go astray."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from onnxpipe.adapters.sklearn.trees import shares
from onnxpipe.blocks.forests import turning
from onnxpipe.blocks.forests.leaf_rows import distinct_rows
from onnxpipe.blocks.forests.trees import rounded_down
from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests.harness import open_session
from tests.rigs.sklearn import answers, native_answers

FEW = {"n_estimators": 20, "random_state": 0}
MODELS = [
    RandomForestClassifier(**FEW),
    RandomForestClassifier(**FEW, max_depth=5),
    ExtraTreesClassifier(**FEW, max_depth=6),
    RandomForestClassifier(n_estimators=4, max_leaf_nodes=6, random_state=0),
    RandomForestRegressor(**FEW),
    GradientBoostingRegressor(**FEW, init="zero"),
    HistGradientBoostingClassifier(max_iter=20, random_state=0),
    HistGradientBoostingRegressor(max_iter=20, random_state=0),
]


def _rows() -> Any:
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(600, 5)).round(3)
    return rows, np.digitize(rows[:, 0] * rows[:, 1] + rng.normal(size=600) / 2, [-0.3, 0.4])


def _structures(model: Any) -> list[tuple[Any, Any, Any, Any]]:
    """(feature, threshold, left, right) per tree; leaves have left 0 or less."""
    if hasattr(model, "_predictors"):
        found = [tree.nodes for rounds in model._predictors for tree in rounds]
        return [
            (n["feature_idx"], n["num_threshold"], np.where(n["is_leaf"], 0, n["left"]), n["right"])
            for n in found
        ]
    trees = [tree.tree_ for tree in np.ravel(model.estimators_)]
    return [(t.feature, t.threshold, t.children_left, t.children_right) for t in trees]


def _reaching(rows: Any, tree: Any, single: bool) -> Any:
    """Per split of a tree, a row that reaches it, its feature put on and next to the threshold."""
    feature, threshold, left, right = tree
    made, todo = [], [(0, np.arange(len(rows)))]
    while todo:
        node, here = todo.pop()
        if left[node] <= 0 or not len(here):
            continue
        column, value = feature[node], threshold[node]
        seen = rows[here, column].astype(np.float32) if single else rows[here, column]
        todo += [(left[node], here[seen <= value]), (right[node], here[seen > value])]
        exact = np.array([value, rounded_down(np.array([value]))[0]]).astype(rows.dtype)
        for near in (exact, np.nextafter(exact, -np.inf), np.nextafter(exact, np.inf)):
            copies = np.repeat(rows[here[:1]], len(near), axis=0)
            copies[:, column] = near
            made.append(copies)
    return np.concatenate(made)


@pytest.mark.parametrize("turned", ["", "turned"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("model", MODELS, ids=str)
def test_no_row_at_any_split_goes_astray(
    model: Any, dtype: str, turned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if turned:  # as forests of many thousand splits are
        monkeypatch.setattr(turning, "_steps_paid", lambda *_: -1)
    rows, target = _rows()
    model.fit(rows, target)
    single = not hasattr(model, "_predictors")
    rows = rows.astype(dtype)
    edges = np.concatenate([_reaching(rows, tree, single) for tree in _structures(model)])
    wanted = tuple(m for m in ("predict", "predict_proba") if hasattr(model, m))
    made = conversion(model, Options(dtype=dtype, outputs=wanted))
    got = answers(open_session(made.model), edges)
    for name, expected in native_answers(model, wanted, edges).items():
        assert got[name].dtype == expected.dtype
        np.testing.assert_allclose(got[name], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("leaves", [4, 6])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_means_of_a_small_forest_are_written_down(leaves: int, classes: int) -> None:
    rows, target = _rows()
    rows[:, 4], rows[::50, 4] = 0, np.nan
    forest = RandomForestClassifier(4, max_leaf_nodes=leaves, random_state=0).fit(rows, target % classes)
    edges = np.concatenate([rows, *(_reaching(rows, tree, True) for tree in _structures(forest))])
    made = conversion(forest, Options()).model
    assert [n.op_type for n in made.graph.node][-4:] == ["Squeeze", "Cast", "Gather", "ArgMax"]
    session = open_session(made)
    got = answers(session, edges)
    np.testing.assert_array_equal(got["predict_proba"], forest.predict_proba(edges))
    np.testing.assert_array_equal(got["predict"], forest.predict(edges))
    for value in (np.inf, -np.inf, 1e39):
        for column in range(5):
            edges[7] = rows[7]
            edges[7, column] = value
            with pytest.raises(Exception, match="out of data bounds"):
                answers(session, edges)


def test_trees_of_one_number_are_averaged_by_their_operator() -> None:
    rows, target = _rows()
    forest = RandomForestRegressor(n_estimators=7, random_state=0).fit(rows, target)
    made = conversion(forest, Options()).model
    assert "Div" not in [node.op_type for node in made.graph.node]
    got = answers(open_session(made), rows)["predict"]
    np.testing.assert_array_equal(got, forest.predict(rows))


def test_a_threshold_rounded_down_parts_the_same_float32_numbers() -> None:
    exact = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-50, 50).repeat(10)
    single = rounded_down(exact)
    assert single.dtype == np.float32
    assert np.all(single <= exact)
    with np.errstate(over="ignore"):
        assert np.all(np.nextafter(single, np.float32(np.inf)) > exact)
    assert rounded_down(np.array([1e300]))[0] == np.finfo(np.float32).max
    assert rounded_down(np.array([-1e300]))[0] == -np.inf


def test_distinct_rows_are_found() -> None:
    rows = np.random.default_rng(0).integers(0, 3, (200, 4)).astype(float)
    table, which = distinct_rows(rows)
    assert len(table) == len(np.unique(rows, axis=0))
    np.testing.assert_array_equal(table[which], rows)


def test_leaf_counts_of_old_versions_become_shares() -> None:
    counts = np.array([[[3.0, 1.0, 0.0], [2.0, 2.0, 0.0]]])
    np.testing.assert_array_equal(shares(counts), [[[0.75, 0.25, 0.0], [0.5, 0.5, 0.0]]])
    np.testing.assert_array_equal(shares(shares(counts)), shares(counts))
