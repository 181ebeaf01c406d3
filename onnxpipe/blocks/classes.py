"""From scores to labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, cast, const, dtype_of, op

Array = NDArray[Any]


def label(index: Var, classes: Array) -> Var:
    """``classes[index]`` for an int64 ``index`` of any shape; 0..k-1 need no look-up."""
    classes = np.asarray(classes)
    if classes.dtype.kind in "iu" and np.array_equal(classes, np.arange(len(classes))):
        return cast(index, classes.dtype)
    return op.gather(const(classes), index, axis=0)


def most_likely(scores: Var, classes: Array) -> Var:
    """The class of the highest score ``[N, k]``, the first one where several are highest: ``[N]``."""
    return label(op.arg_max(scores, axis=1, keepdims=0), classes)


def first_above(scores: Var) -> Var:
    """Where ``best = 0; if scores[i] > scores[best]: best = i`` ends, int64 ``[N]``: no score is above a NaN.

    ``scores`` are float ``[N, k]``, k fixed.
    """
    width = int(scores.unwrap_tensor().shape[1])  # type: ignore[index, arg-type]
    stand_in = np.where(np.arange(width) == 0, np.inf, -np.inf)
    comparable = op.where(op.isnan(scores), const(stand_in[None], dtype_of(scores)), scores)
    return op.arg_max(comparable, axis=1, keepdims=0)


def nearest(distances: Var, classes: Array) -> Var:
    """The class of the lowest of ``distances`` ``[N, k]``, the first where several are lowest: ``[N]``."""
    return label(op.arg_min(distances, axis=1, keepdims=0), classes)


def above(score: Var, threshold: Any = 0) -> Var:
    """int64, 1 where ``score`` (any shape) is above the threshold, else 0."""
    return cast(op.greater(score, const(threshold, dtype_of(score))), np.int64)


def positive(score: Var, classes: Array) -> Var:
    """``classes[1]`` where ``score`` ``[N]`` is above 0, else ``classes[0]``."""
    return label(above(score), classes)
