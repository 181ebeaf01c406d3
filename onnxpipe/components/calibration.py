"""Scores made into probabilities that hold what they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onnxpipe.blocks import quantiles
from onnxpipe.blocks.networks import activations
from onnxpipe.components.parameters import Floats
from onnxpipe.components.registry import component
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.errors import BadManifest

_RAW = ("decision_function", "logits", "scores", "predict_proba", "probabilities")


@component(*_RAW)
def temperature(scores: Var, *, t: float) -> Mapping[str, Var]:
    """``probabilities``: ``softmax(x / t)`` of scores ``[N, k]`` (Guo et al. 2017)."""
    if not t > 0:
        raise BadManifest(f"t can't be {t}", remedy="Write a number above 0.")
    return {"probabilities": op.softmax(scores / const(t, dtype_of(scores)), axis=-1)}


@component(*_RAW)
def platt(scores: Var, *, a: float, b: float) -> Mapping[str, Var]:
    """``probabilities``: ``1 / (1 + exp(a x + b))``, as sklearn's sigmoid calibration."""
    dtype = dtype_of(scores)
    return {"probabilities": activations.sigmoid(op.neg(scores * const(a, dtype) + const(b, dtype)))}


@component(*_RAW)
def isotonic(scores: Var, *, x: Floats, y: Floats) -> Mapping[str, Var]:
    """``probabilities``: ``np.interp(score, x, y)``, in the scores' shape; beyond the ends the end's value.

    ``x`` are IsotonicRegression's ``X_thresholds_``, ``y`` its ``y_thresholds_``; NaN stays NaN.
    """
    if len(x) != len(y) or not x or list(x) != sorted(x):
        raise BadManifest("x and y are as many numbers each, x in ascending order")
    column = op.reshape(cast(scores, np.float64), const([-1, 1]))
    made = quantiles.at_knots(column, [np.asarray(x)], [np.asarray(y)])
    return {"probabilities": cast(op.reshape(made, op.shape(scores)), dtype_of(scores))}
