"""Long vectors as terms: the same numbers as the matrices they stand for, at what the terms cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import spox
from numpy.typing import NDArray

from onnxpipe.blocks import numeric, terms
from onnxpipe.blocks.factors import topics
from onnxpipe.core.frame import Terms
from onnxpipe.core.ops import Tensor, Var, argument, const, op
from tests.harness import open_session

Array = NDArray[Any]
WIDTH = 7
RNG = np.random.default_rng(3)
WEIGHTS, FACTORS = RNG.normal(size=(2, WIDTH)), RNG.normal(size=WIDTH)
HOLED = np.where(np.arange(WIDTH) == 2, 0.0, FACTORS)
PICKED = np.array([5, 0, 2])


def run(function: Callable[[Terms], Var], places: Array, values: Array) -> Array:
    """What a graph of the function answers."""
    shape = ("N", values.shape[1] or "L")
    given = {"p": argument(Tensor(np.int64, shape)), "v": argument(Tensor(np.float64, shape))}
    session = open_session(spox.build(given, {"y": function(Terms(given["p"], given["v"]))}))
    return np.asarray(session.run(None, {"p": places, "v": values})[0])


def matrix(places: Array, values: Array) -> Array:
    """The vectors that terms stand for."""
    made = np.zeros((len(places), WIDTH))
    np.add.at(made, (np.arange(len(places))[:, None], places), values)
    return made


def size(x: Terms) -> Var:
    return numeric.norm(terms.merged(x).values, 2)


def doubled(x: Terms) -> Var:
    return op.mul(x.values, const(2.0))


def farther(x: Terms) -> Var:
    """How much farther each point is than the first."""
    gaps = terms.gaps(x, WEIGHTS)
    return op.sub(gaps, op.slice(gaps, const([0]), const([1]), const([1])))


def topics_of(x: Terms) -> Var:
    return topics.distribution(x, np.exp(WEIGHTS), 0.5, topics.Stop(30, 1e-9))


def of_matrix(counts: Array) -> Array:
    """What the matrix itself gets from the topics' block."""
    given = argument(Tensor(np.float64, ("N", WIDTH)))
    made = topics.distribution(given, np.exp(WEIGHTS), 0.5, topics.Stop(30, 1e-9))
    found: Array = open_session(spox.build({"x": given}, {"y": made})).run(None, {"x": counts})[0]
    return found


def lowest(counts: Array) -> Array:
    there = np.where(counts[:, :, None] != 0, WEIGHTS.T[None], np.inf)
    return there.min(axis=1, initial=np.inf)


def squares(m: Array) -> Array:
    return ((m[:, None] - WEIGHTS[None]) ** 2).sum(axis=2)


CASES: dict[str, tuple[Callable[[Terms], Var], Callable[[Array], Array]]] = {
    "affine": (lambda x: terms.affine(x, WEIGHTS, 0.5), lambda m: m @ WEIGHTS.T + 0.5),
    "scaled": (lambda x: terms.dense(terms.scaled(x, FACTORS), WIDTH), lambda m: m * FACTORS),
    "picked": (lambda x: terms.dense(terms.picked(x, PICKED, WIDTH), 3), lambda m: m[:, PICKED]),
    "merged": (lambda x: terms.dense(terms.merged(x), WIDTH), lambda m: m),
    "gaps": (farther, lambda m: squares(m) - squares(m)[:, :1]),
    "lowest": (lambda x: terms.lowest(terms.merged(x), WEIGHTS.T), lowest),
    "topics": (topics_of, of_matrix),
    "norm": (size, lambda m: np.linalg.norm(m, axis=1, keepdims=True)),
}


@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("name", CASES)
def test_terms_give_what_their_matrix_gives(name: str, rows: int, length: int) -> None:
    places = RNG.integers(0, WIDTH, (rows, length))
    values = np.where(RNG.random((rows, length)) < 0.3, 0.0, RNG.normal(size=(rows, length)))
    values = np.abs(values) if name == "topics" else values
    build, expected = CASES[name]
    got = run(build, places, values)
    np.testing.assert_allclose(got, expected(matrix(places, values)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_matrix_stands_beside_terms(rows: int) -> None:
    places, values = RNG.integers(0, WIDTH, (rows, 4)), RNG.normal(size=(rows, 4))
    got = run(
        lambda x: terms.dense(terms.beside([(x.values, x, WIDTH), (doubled(x), None, 4)]), 11), places, values
    )
    np.testing.assert_allclose(got, np.hstack([matrix(places, values), values * 2]), rtol=1e-12)


def test_what_no_weight_looks_at_may_be_nan() -> None:
    places, values = np.array([[2, 1], [3, 3]]), np.array([[np.nan, 1.0], [2.0, 3.0]])
    got = run(lambda x: terms.affine(x, HOLED[None], skips=True), places, values)
    np.testing.assert_allclose(got[:, 0], [HOLED[1], 5 * HOLED[3]], rtol=1e-12)
