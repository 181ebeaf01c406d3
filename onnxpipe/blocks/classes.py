"""From scores to labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.ops import Var, cast, const, op

Array = NDArray[Any]


def label(index: Var, classes: Array) -> Var:
    """``classes[index]`` for an int64 ``index`` of any shape; 0..k-1 need no look-up."""
    if classes.dtype.kind in "iu" and np.array_equal(classes, np.arange(len(classes))):
        return index
    return op.gather(const(classes), index, axis=0)


def most_likely(scores: Var, classes: Array) -> Var:
    """The class of the highest score ``[N, k]``, the first one where several are highest: ``[N]``."""
    return label(op.arg_max(scores, axis=1, keepdims=0), classes)


def positive(score: Var, classes: Array) -> Var:
    """``classes[1]`` where ``score`` ``[N]`` is above 0, else ``classes[0]``."""
    return label(cast(op.greater(score, const(0, score.unwrap_tensor().dtype)), np.int64), classes)
