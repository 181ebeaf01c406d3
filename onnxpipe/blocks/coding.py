"""Many binary decisions put together to one of several classes."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, cast, const, dtype_of, op

Array = NDArray[Any]


def over_sum(p: Var) -> Var:
    """Each row of ``p`` ``[N, k]`` divided by its sum; rows that sum to 0 stay."""
    total = linear.row_sums(p)
    zero, one = const(0, dtype_of(p)), const(1, dtype_of(p))
    return p / op.where(op.equal(total, zero), one, total)


def pair_signs(classes: int) -> Array:
    """``[pairs, classes]``: -1 at the first and 1 at the second class of each pair, in order."""
    pairs = np.array(list(combinations(range(classes), 2)))
    signs = np.zeros((len(pairs), classes))
    np.put_along_axis(signs, pairs, np.array([[-1.0, 1.0]]), axis=1)
    return signs


def pair_votes(seconds: Var, classes: int) -> Var:
    """How many pairs each class wins ``[N, k]``; ``seconds`` ``[N, pairs]`` is 1 where the second does."""
    signs = pair_signs(classes)
    return linear.affine(cast(seconds, np.float64), signs.T, (signs < 0).sum(axis=0).astype(np.float64))


def with_confidence(votes: Var, confidences: Var, classes: int) -> Var:
    """Votes ``[N, k]`` plus the summed confidences in each class, squeezed between -1/3 and 1/3.

    Formula: sklearn.utils.multiclass._ovr_decision_function; ``confidences`` ``[N, pairs]`` are in
    the second class of each pair.
    """
    total = linear.affine(cast(confidences, np.float64), pair_signs(classes).T)
    return votes + op.div(total, op.mul(op.add(op.abs(total), const(1.0)), const(3.0)))


def word_distances(scores: Var, book: Array) -> Var:
    """Squared distances ``[N, k]`` of ``scores`` ``[N, bits]`` to each word of a code book ``[k, bits]``.

    Summed in native's order, so that words which are equally near within rounding are so here:
    sklearn/metrics/_pairwise_distances_reduction/_argkmin.pyx.
    """
    wide = cast(scores, np.float64)
    middle = linear.plus_column(linear.affine(wide, -2 * book), op.reduce_sum_square(wide, const([1])))
    return op.max([middle + (book**2).sum(axis=1), const(0.0)])
