"""Columns of long vectors that are mostly 0: what stages do with them as terms, and as matrices else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import linear, terms
from onnxpipe.blocks.points import distances
from onnxpipe.core.frame import Column, Terms, vector
from onnxpipe.core.ops import Var, op
from onnxpipe.core.tallies import is_long

Array = NDArray[Any]


def column(x: Terms, width: int, values: Callable[[Var], Var] | None = None) -> Column:
    """Vectors of ``width`` elements; ``values``, if given, makes others of them, each place there once."""
    dense = terms.dense(x, width)
    if values is None:
        return Column(dense, vector=True, terms=x if is_long(width) else None)
    if not is_long(width):
        return vector(values(dense))
    once = terms.merged(x)
    once = Terms(once.places, values(once.values))
    return Column(terms.dense(once, width), vector=True, terms=once)


def scaled(x: Column, factors: Array) -> Column:
    """Each element times its factor ``[d]``."""
    short = None if x.terms is None else terms.scaled(x.terms, factors)
    return Column(numbers(x) * factors, vector=True, terms=short)


def affine(x: Column, weights: Array, intercept: Any = 0.0, *, skips: bool = False) -> Var:
    """``x @ weights.T + intercept`` ``[N, k]``; ``skips`` as ``terms.affine`` has it, for terms alone."""
    if x.terms is None:
        return linear.affine(numbers(x), weights, intercept)
    return terms.affine(x.terms, weights, intercept, skips=skips)


def gaps(x: Column, points: Array) -> Var:
    """Squared Euclidean distances to points ``[k, d]``; of terms, less a number that is a row's own."""
    return (
        distances.squared_differences(numbers(x), points) if x.terms is None else terms.gaps(x.terms, points)
    )


def replaced(x: Column, values: Callable[[Var], Var]) -> Column:
    """The vectors with other elements where there are any that may not be 0."""
    if x.terms is None:
        return vector(values(numbers(x)))
    return replace(x, terms=Terms(x.terms.places, values(x.terms.values)))


def once(x: Column) -> Column:
    """The same vectors, each place there at most once in a row."""
    return x if x.terms is None else Column(x.var, x.vector, terms=terms.merged(x.terms))


def elements(x: Column) -> Var:
    """All elements that may not be 0, in no known order: ``[N, L]`` or ``[N, d]``."""
    return numbers(x) if x.terms is None else x.terms.values


def narrowed(x: Column, places: Array) -> Var:
    """The elements at some places ``[N, len(places)]``."""
    assert x.terms is not None
    return terms.dense(terms.picked(x.terms, places, x.width), len(places))


def divided(x: Column, by: Var) -> Column:
    """Each row over a number ``[N, 1]``."""
    short = None if x.terms is None else Terms(x.terms.places, op.div(x.terms.values, by))
    return Column(op.div(numbers(x), by), vector=True, terms=short)
