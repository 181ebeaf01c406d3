"""Products of columns and of the elements of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.blocks import polynomials
from onnxpipe.core.frame import Column, Columns, vector
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, concat, const, filled, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("pyspark.ml.feature.PolynomialExpansion", columns=lambda stage: (kinds.VECTOR,))
def polynomial_expansion(stage: Stage, x: Column) -> Column:
    """Formula: PolynomialExpansion.expandDense: terms ordered by the power of the last feature first."""
    degree = int(stage.degree)
    terms = polynomials.expanded(numbers(x), 1, degree, distinct=False, times=_times)
    return vector(take_columns(terms, np.lexsort(polynomials.exponents(x.width, degree).T)))


def _times(term: Var, feature: Var) -> Var:
    """The product; 0 stays 0 whatever comes, as Spark stops multiplying there."""
    zero = const(0.0)
    return op.where(op.equal(term, zero), zero, op.mul(term, feature))


def _either(stage: Stage) -> Sequence[str]:
    return (kinds.NUMBER_OR_VECTOR,) * len(stage.inputCols)


@converts("pyspark.ml.feature.Interaction", columns=_either)
def interaction(stage: Stage, xs: Columns) -> Column:
    """Formula: Interaction.transform: all products of one element of each column.

    An index counts as an indicator of each of its values. Where one is off the product is 0, also of NaN.
    """
    product = reduce(polynomials.crossed, [concat(_factors(x), 1) for x in xs])
    if not any(x.labels for x in xs):
        return vector(product)
    on = reduce(polynomials.crossed, [concat(_switches(stage, x), 1) for x in xs])
    return vector(op.where(op.equal(on, const(1.0)), product, const(0.0)))


def _factors(x: Column) -> list[Var]:
    """The numbers of a column, 1 in place of each indicator."""
    value = numbers(x)
    return [
        filled(value, np.float64(1), count) if count else take_columns(value, [j]) for j, count in _counts(x)
    ]


def _switches(stage: Stage, x: Column) -> list[Var]:
    """The indicators of a column, 1 in place of each number. Refuses what is no index."""
    value = numbers(x)
    return [
        _indicators(stage, take_columns(value, [j]), count) if count else filled(value, np.float64(1), 1)
        for j, count in _counts(x)
    ]


def _indicators(stage: Stage, index: Var, count: int) -> Var:
    hit = cast(op.equal(index, const(np.arange(count, dtype=np.float64))), np.float64)
    return refuse(stage.context, hit, op.equal(op.reduce_sum(hit, const([1])), const(0.0)))


def _counts(x: Column) -> list[tuple[int, int]]:
    """Each element's place and how many values it can have, 0 for any number."""
    return [(j, len(x.labels[j]) if x.labels else 0) for j in range(x.width)]
