"""From probabilities to a decision: what is certain enough, what is cheapest, what reaches its threshold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxpipe.blocks import classes as named
from onnxpipe.blocks import numeric
from onnxpipe.blocks.networks import activations
from onnxpipe.components.parameters import Classes, File, Floats
from onnxpipe.components.post import PROBABILITIES, SCORES, known_classes, sorted_probabilities
from onnxpipe.components.registry import component
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.errors import BadManifest


@component(*SCORES)
def post(
    scores: Var, *, softmax: bool = False, sigmoid: bool = False, topk: int = 0, labels: File = None,
    classes: Classes = None,
) -> Mapping[str, Var]:  # fmt: skip
    """``labels`` and ``probabilities`` ``[N, topk]`` (0: all), best first, of scores ``[N, k]``.

    Scores become probabilities by ``softmax`` or ``sigmoid``, where either is given; ``labels`` is
    a file with one a line.
    """
    if softmax and sigmoid:
        raise BadManifest("it takes softmax or sigmoid, not both")
    p = op.softmax(scores, axis=-1) if softmax else activations.sigmoid(scores) if sigmoid else scores
    return sorted_probabilities(p, top=topk, classes=classes, file=labels)


@component(*PROBABILITIES)
def reject(
    predict_proba: Var, *, below: float, label: str = "unknown", classes: Classes = None, file: File = None
) -> Mapping[str, Var]:
    """``labels`` ``[N]``: the most likely class, or ``label`` where its probability isn't at least ``below``.

    ``np.where(p.max(1) >= below, classes[p.argmax(1)], label)``; classes of another type become text.
    """
    known = known_classes(predict_proba, classes, file).astype(str)
    best = op.reduce_max(predict_proba, const([1]), keepdims=0)
    sure = op.greater_or_equal(best, const(below, dtype_of(predict_proba)))
    return {"labels": op.where(sure, named.most_likely(predict_proba, known), const(label))}


@component(*PROBABILITIES)
def cost_matrix(
    predict_proba: Var, *, costs: Floats, classes: Classes = None, file: File = None
) -> Mapping[str, Var]:
    """``labels`` ``[N]``, the class that costs least, and ``costs`` ``[N, k]``: ``p @ C``, ``argmin`` of it.

    ``costs`` is C row by row: ``C[i, j]`` is what deciding j costs where i is true. Ties go to the
    class that stands first.
    """
    known = known_classes(predict_proba, classes, file)
    if len(costs) != len(known) ** 2:
        raise BadManifest(f"costs has {len(costs)} numbers, and {len(known)} classes need {len(known) ** 2}")
    matrix = np.reshape(costs, (len(known), len(known)))
    expected = op.matmul(predict_proba, const(matrix, dtype_of(predict_proba)))
    return {"labels": op.gather(const(known), op.arg_min(expected, axis=1, keepdims=0)), "costs": expected}


@component(*PROBABILITIES)
def thresholds(predict_proba: Var, *, at: Floats) -> Mapping[str, Var]:
    """``reached`` bool ``[N, k]``: ``p >= at``, one threshold for all columns or one for each."""
    width = shape_of(predict_proba)[-1]
    if len(at) != 1 and isinstance(width, int) and len(at) != width:
        raise BadManifest(f"at has {len(at)} numbers for {width} columns")
    return {"reached": op.greater_or_equal(predict_proba, const(at, dtype_of(predict_proba)))}


_INVERSES = {
    "none": lambda x: x,
    "exp": op.exp,
    "expm1": numeric.expm1,
    "exp2": lambda x: op.pow(const(2.0, dtype_of(x)), x),
    "exp10": lambda x: op.pow(const(10.0, dtype_of(x)), x),
    "square": lambda x: op.mul(x, x),
    "reciprocal": op.reciprocal,
}


@component("predict", "variable", "value")
def inverse(
    predict: Var, *, function: str = "none", scale: float = 1.0, offset: float = 0.0
) -> Mapping[str, Var]:
    """``value``: ``f(x) * scale + offset``: what undoes a target's transform, then another unit.

    ``function``: exp, expm1, exp2, exp10, square or reciprocal.
    """
    if function not in _INVERSES:
        raise BadManifest(f"function can't be {function!r}", remedy=f"It is one of: {', '.join(_INVERSES)}")
    x = predict if dtype_of(predict).kind == "f" else cast(predict, np.float64)
    x = _INVERSES[function](x)
    x = x * const(scale, dtype_of(x)) if scale != 1.0 else x
    return {"value": x + const(offset, dtype_of(x)) if offset else x}
