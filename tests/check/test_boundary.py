"""Inputs around edges are found through whatever lies before the stage."""

from __future__ import annotations

from collections.abc import Callable
from operator import mod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnxpipe.blocks.hashing import hashes
from onnxpipe.check.edges.anchors import Anchors
from onnxpipe.check.edges.boundary import Edge, around
from onnxpipe.check.edges.deciding import between, deciding
from onnxpipe.check.edges.edge_rows import edge_rows, together
from onnxpipe.check.edges.ordering import decoded, encoded
from onnxpipe.check.edges.probes import Original, probes
from onnxpipe.check.edges.reaching import reaching
from onnxpipe.check.rows import length, slots
from onnxpipe.core.signature import Port, Signature

MATRIX = Signature((Port("X", "float64", ("N", 3)),), ())
BASE = {"X": np.random.default_rng(0).normal(size=(8, 3))}


@given(st.floats(allow_nan=False, width=64))
def test_codes_keep_order_and_come_back(value: float) -> None:
    array = np.array([value])
    assert decoded(encoded(array), np.float64)[0] == value
    if np.isfinite(value):
        above = np.nextafter(value, np.inf)
        if above != 0 and value != 0:
            assert encoded(np.array([above]))[0] - encoded(array)[0] == 1


def stage(rows: Any) -> Any:
    """Column 0 is made of input 2, column 1 of inputs 0 and 1, column 2 of nothing."""
    x = rows["X"]
    return np.stack([(x[:, 2] - 5) / 3, x[:, 0] * -x[:, 1], np.full(len(x), 4.0)], axis=1)


def test_cells_are_found_by_moving_them() -> None:
    found = reaching(stage, BASE, slots(MATRIX))
    assert found[0].column == 2
    assert found[1].column in (0, 1)
    assert 2 not in found


def test_text_is_moved_to_text_that_others_hold() -> None:
    base = {"word": np.array([["a"], ["a"], ["b"]], object)}
    tried: list[str] = []

    def arrive(rows: Any) -> Any:
        tried.extend(rows["word"].ravel())
        return rows["word"]

    signature = Signature((Port("word", "string", ("N", 1)),), ())
    assert list(reaching(arrive, base, slots(signature))) == [0]
    assert set(tried) == {"a", "b"}


def test_a_stage_that_refuses_every_moved_cell_is_reached_by_none() -> None:
    def picky(rows: Any) -> Any:
        known = np.isin(rows["X"], BASE["X"]).all()
        return rows["X"] if known else np.empty((length(rows), 0))

    assert reaching(picky, BASE, slots(MATRIX)) == {}


@pytest.mark.parametrize("value", [0.0, 1.5, -1e6, 1e-9, 123456.789])
def test_both_neighbours_of_an_edge_are_found(value: float) -> None:
    edges = [Edge(0, value), Edge(1, value), Edge(2, value)]
    found = around(stage, BASE, edges, reaching(stage, BASE, slots(MATRIX)))
    arrived = stage(found.rows(BASE))
    for feature in (0, 1):
        seen = [arrived[i, feature] for i, e in enumerate(found.edges) if e.feature == feature]
        below, above = max(v for v in seen if v < value), min(v for v in seen if v >= value)
        # The map isn't one to one, so neighbours arrive some steps apart, but next to each other.
        assert above - below <= 1e-12 * max(abs(value), 2.0)
    assert all(e.feature != 2 for e in found.edges)


def test_a_float32_comparison_changes_between_two_doubles() -> None:
    threshold = float(np.float32(0.3))
    found = around(lambda r: r["X"], BASE, [Edge(1, threshold)], {1: slots(MATRIX)[1]})
    values = np.array(found.values)
    passed = values.astype(np.float32) > np.float32(threshold)
    assert passed.any()
    assert (~passed).any()
    assert (values[passed].min() - threshold) > np.spacing(threshold)  # far from the double's neighbours


@settings(deadline=None, max_examples=30)
@given(st.floats(-1e12, 1e12), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_any_linear_stage_is_inverted(value: float, mean: float, scale: float) -> None:
    def arrive(rows: Any) -> Any:
        return (rows["X"] - mean) / scale

    found = around(arrive, BASE, [Edge(0, value)], {0: slots(MATRIX)[0]})
    arrived = arrive(found.rows(BASE))[:, 0]
    assert (arrived < value).any()
    assert (arrived >= value).any()


def test_integers_and_text_have_edges_too() -> None:
    signature = Signature((Port("n", "int64", ("N", 1)), Port("t", "string", ("N", 1))), ())
    base = {"n": np.array([[1], [2]]), "t": np.array([["a"], ["b"]], object)}

    def arrive(rows: Any) -> Any:
        return np.concatenate([rows["n"].astype(object) * 2.0, rows["t"]], axis=1)

    cells = reaching(arrive, base, slots(signature))
    assert [cells[j].name for j in (0, 1)] == ["n", "t"]
    found = around(arrive, base, [Edge(0, 7.0), Edge(1, "known")], cells)
    assert {2, 3, 4, 5} == {v for v, s in zip(found.values, found.slots, strict=True) if s.name == "n"}
    assert "known" in found.values


def test_a_stage_that_refuses_the_ladder_is_still_searched() -> None:
    def arrive(rows: Any) -> Any:
        x = rows["X"].copy()
        return np.where(np.abs(x) > 100, np.nan, x)

    found = around(arrive, BASE, [Edge(0, 50.0)], {0: slots(MATRIX)[0]})
    assert {np.nextafter(50, 0), 50.0} <= set(found.values)


def test_probes_are_the_same_for_the_same_seed_and_keep_the_budget() -> None:
    anchors = [Anchors("stage", "k", (Edge(0, 1.0), Edge(1, 2.0)), (Edge(0, 0.0),))]
    original = Original({"stage": lambda rows: rows["X"]})
    a, b = (probes(MATRIX, BASE, anchors, original, budget=200, seed=3) for _ in range(2))
    np.testing.assert_array_equal(a.rows["X"], b.rows["X"])
    assert len(a) == length(a.rows) == length(BASE) + 200
    assert set(a.origins) == {"data", "edge", "special", "drawn"}
    other = probes(MATRIX, BASE, anchors, original, budget=200, seed=4)
    assert not np.array_equal(a.rows["X"], other.rows["X"], equal_nan=True)


def test_without_rows_they_are_drawn_around_what_the_pipeline_knows() -> None:
    anchors = [Anchors("stage", "k", (), tuple(Edge(1, v) for v in (990.0, 1000.0, 1010.0)))]
    made = probes(MATRIX, None, anchors, Original({"stage": lambda rows: rows["X"]}), budget=300, seed=0)
    drawn = made.rows["X"][np.array(made.origins) == "drawn"]
    middle = np.median(drawn[np.isfinite(drawn).all(axis=1)][:, 1])
    assert 980 < middle < 1020


def nested(rows: Any) -> Any:
    """A tree of two splits: the second only counts where column 0 is below 0."""
    x = rows["X"]
    return {"predict": np.where(x[:, 0] > 0, 0, np.where(x[:, 1] > 0.5, 2, 1)).astype(float)}


def test_an_edge_is_tried_in_a_row_in_which_it_decides() -> None:
    base = {"X": np.array([[1.0, 0, 0], [2.0, 0, 0], [-1.0, 0, 0], [3.0, 0, 0]])}
    found = around(lambda r: r["X"], base, [Edge(1, 0.5)], {1: slots(MATRIX)[1]})
    assert set(found.bases) == {0}
    assert set(deciding(found, base, nested).bases) == {2}
    assert deciding(found, {"X": base["X"][[0, 1, 3]]}, nested) == found


def test_rows_between_classes_are_close_to_a_tie() -> None:
    weights = np.array([[1.0, -0.5, 0.2], [-1, 0.5, 0.1], [0, 0, 0.5]]).T

    def answer(rows: Any) -> Any:
        scores = rows["X"] @ weights
        return {"predict": np.array(["a", "b", "c"], object)[scores.argmax(axis=1)], "scores": scores}

    close = between(BASE, answer, 4, np.random.default_rng(0))
    assert close is not None and len(close["X"]) >= 4
    told = answer(close)
    best = np.sort(told["scores"], axis=1)
    assert (best[:, -1] - best[:, -2] < 1e-6).all()
    assert (told["predict"][::2] != told["predict"][1::2]).all()
    assert between(BASE, lambda rows: {"y": rows["X"][:, 0]}, 4, np.random.default_rng(0)) is None


@pytest.mark.parametrize(
    "data", [None, {"X": np.array([[0.0, 3.0, 1.0], [20.0, 1.0, 2.0], [7.0, 0.0, 5.0]])}]
)
def test_no_row_is_made_up_that_makes_no_sense_to_a_stage(data: Any) -> None:
    original = Original({"stage": lambda rows: rows["X"]})
    counting = [Anchors("stage", "k", wild=lambda x: (x < 0).any(axis=1))]
    made = probes(MATRIX, data, counting, original, budget=200, seed=0)
    assert len(made) > 100 and not (made.rows["X"] < 0).any()
    negative = {"X": np.array([[-1.0, 2.0, 0.0]])}
    kept = probes(MATRIX, negative, counting, original, budget=50, seed=0)
    assert kept.origins.count("data") == 1


@pytest.mark.parametrize(
    ("seed", "column"), [(0, hashes.by_magnitude), (42, mod)], ids=["scikit-learn", "Spark"]
)
def test_hashed_words_collide(seed: int, column: Callable[[int, int], int]) -> None:
    pairs = [pair.split() for pair in hashes.colliding(2**18, seed=seed, column=column)]
    assert len(pairs) == 8
    for i, (a, b) in enumerate(pairs):
        codes = hashes.signed_hash(a, seed), hashes.signed_hash(b, seed)
        assert a != b and column(codes[0], 2**18) == column(codes[1], 2**18)
        assert ((codes[0] < 0) != (codes[1] < 0)) is (i < 4)


def test_stages_that_get_the_same_rows_are_searched_together() -> None:
    members = [Anchors(f"estimators_[{i}]", "a.Tree", (Edge(0, i / 8), Edge(1, -i / 8))) for i in range(20)]
    asked: list[int] = []

    def arrive(rows: Any) -> Any:
        asked.append(length(rows))
        return stage(rows)

    apart = {member.path: arrive for member in members}
    made = edge_rows(BASE, slots(MATRIX), members, Original(apart), 1000, np.random.default_rng(0))
    assert len(asked) < 100  # one search takes some 40, and each is asked which rows it gets
    assert all(any(member.path in note for note in made.notes) for member in members)
    groups = together(members, Original({**apart, "estimators_[3]": lambda rows: -stage(rows)}), BASE)
    assert sorted(map(len, groups)) == [1, 19]
    words = {member.path: "even" if i % 2 else "odd" for i, member in enumerate(members)}
    asked.clear()
    told = Original(apart, alike=lambda rows, paths: {path: words[path] for path in paths})
    assert sorted(map(len, together(members, told, BASE))) == [10, 10]
    assert not asked


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("int8", 127), ("int8", -128), ("int64", -(2**63)), ("int64", 2**63 - 1), ("uint64", 2**64 - 1)],
)
def test_whole_numbers_at_the_end_of_their_type_are_moved_to_ones_that_fit(dtype: str, value: int) -> None:
    base = {"n": np.full((4, 1), value, dtype)}
    cells = slots(Signature((Port("n", dtype, ("N", 1)),), ()))
    assert list(reaching(lambda rows: rows["n"], base, cells)) == [0]


def test_dates_in_nanoseconds_are_tried_with_both_neighbours() -> None:
    day = int(np.datetime64("2021-03-01", "ns").astype(np.int64))
    base = {"day": np.full((4, 1), day, np.int64)}
    cells = slots(Signature((Port("day", "int64", ("N", 1)),), ()))
    found = around(lambda rows: rows["day"], base, [Edge(0, day)], {0: cells[0]})
    assert {day - 1, day, day + 1} <= set(found.values)


def test_an_original_that_refuses_every_row_decides_nothing() -> None:
    found = around(lambda rows: rows["X"], BASE, [Edge(0, 0.5)], {0: slots(MATRIX)[0]})
    assert deciding(found, BASE, lambda rows: {}) == found
