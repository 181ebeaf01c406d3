"""The rules of comparison, one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from onnxpipe.check.compare import Tolerance, Verdict, compare, compare_output

PLAIN = Tolerance()


def verdict(native: object, graph: object, tolerance: Tolerance = PLAIN) -> Verdict:
    return compare_output("y", np.asarray(native), np.asarray(graph), tolerance)


@pytest.mark.parametrize(
    ("native", "graph", "said"),
    [
        ([1.0, 2.0], [1.0], "native answers 2 rows, the graph 1"),
        ([[1.0]], [1.0], "shape"),
        ([1.0], np.float32([1.0]), "float64, the graph float32"),
        ([1], np.int32([1]), "int64, the graph int32"),
        (["a"], [1], "<U1, the graph int64"),
    ],
)
def test_rows_shape_and_dtype_come_first(native: object, graph: object, said: str) -> None:
    found = verdict(native, graph)
    assert said in found.failure
    assert not found.equal


def test_not_a_number_and_infinity_have_places() -> None:
    odd = [np.nan, np.inf, -np.inf, 0.0]
    assert verdict(odd, odd).equal
    for place in range(3):
        other = list(odd)
        other[place] = 1.0
        assert verdict(odd, other).rows_at_fault == (place,)
    assert not verdict([np.inf], [-np.inf]).equal
    assert not verdict([1.0], [np.nan]).equal


def test_doubles_are_held_to_1e_9_and_singles_to_1e_5() -> None:
    assert verdict([1.0], [1.0 + 1e-10]).equal
    assert not verdict([1.0], [1.0 + 1e-8]).equal
    single = np.float32([1.0])
    assert verdict(single, single * np.float32(1 + 5e-6)).equal
    assert not verdict(single, single * np.float32(1 + 1e-4)).equal


def test_a_large_column_does_not_hide_a_small_one() -> None:
    rng = np.random.default_rng(0)
    native = rng.normal(size=(50, 2)) * [1e6, 1e-3]
    graph = native.copy()
    graph[7, 1] *= 1 + 1e-5
    found = verdict(native, graph)
    assert found.rows_at_fault == (7,)
    assert found.worst_pair == (native[7, 1], graph[7, 1])


def test_rounding_of_a_difference_of_large_numbers_is_no_fault() -> None:
    native = np.array([[0.5, 1e-16], [0.25, 2e-16]])
    assert verdict(native, native + np.array([[0, 1e-16], [0, -3e-16]])).equal


def test_labels_may_differ_only_in_a_proven_tie() -> None:
    labels, other = np.array(["a", "b", "a"], object), np.array(["a", "a", "b"], object)
    proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.6, 0.4]])
    (found,) = compare({"predict": labels}, {"predict": other}, evidence={"predict_proba": proba})
    assert (found.ties, found.rows_at_fault) == (1, (2,))
    (found,) = compare({"predict": labels}, {"predict": other})
    assert found.rows_at_fault == (1, 2)
    scores = np.array([1.0, 0.0, 1.0])
    (found,) = compare({"predict": labels}, {"predict": other}, evidence={"decision_function": scores})
    assert (found.ties, found.rows_at_fault) == (1, (2,))


def test_the_bound_is_clopper_and_pearsons() -> None:
    # One-sided, zero successes of n at 95 %: 1 - 0.05 ** (1 / n); the rule of three says 3 / n.
    assert math.isclose(Verdict("y", 1000).upper95, 1 - 0.05 ** (1 / 1000), rel_tol=1e-12)
    assert Verdict("y", 0).upper95 == 1.0


def test_tolerances_are_by_output_or_for_all() -> None:
    native, graph = {"a": np.ones(2), "b": np.ones(2)}, {"a": np.ones(2) * 1.01, "b": np.ones(2) * 1.01}
    assert [v.equal for v in compare(native, graph, {"": Tolerance(rtol=0.1)})] == [True, True]
    assert [v.equal for v in compare(native, graph, {"a": Tolerance(atol=0.1)})] == [True, False]


def test_an_output_the_graph_lacks_is_told() -> None:
    (found,) = compare({"predict": np.ones(2)}, {})
    assert not found.equal
    assert "no such output" in found.failure
