"""Products of columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.blocks.categorical import Codes
from onnxpipe.core.ops import Var, concat, const, dtype_of, op, shape_of, take_columns

Array = NDArray[Any]


class Products(NamedTuple):
    """The terms of one degree: term ``terms[i]`` of the degree below, times feature ``features[i]``."""

    terms: Codes
    features: Codes


def products(count: int, degree: int, distinct: bool) -> list[Products]:
    """How the terms of degrees 2 to ``degree`` of ``count`` features come from those below.

    The order of terms and of their factors is that of sklearn.preprocessing.PolynomialFeatures:
    feature by feature, times all terms of the degree below from that feature on (or, for
    ``distinct`` factors, from the next feature on).
    """
    found: list[Products] = []
    starts: Array = np.arange(count + 1)
    for _ in range(2, degree + 1):
        first = starts[1:] if distinct else starts[:-1]
        lengths = starts[-1] - first
        terms = np.concatenate([np.arange(a, starts[-1]) for a in first])
        found.append(Products(terms, np.repeat(np.arange(count), lengths)))
        starts = np.concatenate([[0], np.cumsum(lengths)])
    return found


def expanded(
    x: Var, lowest: int, highest: int, distinct: bool, times: Callable[[Var, Var], Var] = op.mul
) -> Var:
    """The terms of degrees ``lowest`` (from 1) to ``highest`` of ``x`` ``[N, d]``, degree by degree.

    ``times`` multiplies the terms of the degree below by a feature each.
    """
    terms = [x]
    for step in products(int(x.unwrap_tensor().shape[1]), highest, distinct):  # type: ignore[index,arg-type]
        if not len(step.terms):
            break
        terms.append(times(take_columns(terms[-1], step.terms), take_columns(x, step.features)))
    kept = terms[lowest - 1 :]
    return concat(kept, 1) if kept else take_columns(x, [])


def interactions(x: Var, factors: Array) -> Var:
    """The sum over pairs ``i < j`` of ``x_i * x_j * (factors_i @ factors_j)``: ``[N, 1]``.

    ``factors`` is ``[d, k]``. As half of ``(x @ factors)**2 - x**2 @ factors**2``, summed over ``k``:
    linear in ``d``. Formula: factorization machines, as in FMClassifier.scala's getRawPrediction.
    """
    sums, squares = linear.affine(x, factors.T), linear.affine(x * x, factors.T**2)
    return halved(sums, squares)


def halved(sums: Var, squares: Var) -> Var:
    """Half of ``sums**2 - squares`` ``[N, k]``, summed over ``k``: ``[N, 1]``."""
    return op.mul(op.reduce_sum(op.sub(sums * sums, squares), const([1])), const(0.5, dtype_of(sums)))


def with_ones(x: Var) -> Var:
    """``x`` ``[N, d]`` behind a column of ones."""
    return op.pad(x, const([0, 1, 0, 0]), const(1, dtype_of(x)))


def exponents(count: int, degree: int) -> Codes:
    """The power of each of ``count`` features in the terms of degrees 1 to ``degree`` of ``expanded``."""
    single = np.eye(count, dtype=np.int64)
    powers = [single]
    for step in products(count, degree, distinct=False):
        powers.append(powers[-1][step.terms] + single[step.features])
    return np.concatenate(powers)


def crossed(x: Var, y: Var) -> Var:
    """Each column of ``x`` ``[N, a]`` times each of ``y`` ``[N, b]``: ``[N, a * b]``, as numpy.kron does."""
    width = int(shape_of(x)[1]) * int(shape_of(y)[1])
    product = op.mul(op.unsqueeze(x, const([2])), op.unsqueeze(y, const([1])))
    return op.reshape(product, const([0, width]))
