"""LIBSVM's models. Formulas: svm_predict_values and svm_predict_probability in svm.cpp (3.37)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import classes, coupling, linear
from onnxpipe.blocks.points import kernels
from onnxpipe.blocks.sparse_products import unless_finite, written_products
from onnxpipe.core.ops import Var, const, op, shape_of, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, converts
from onnxpipe.core.table import Check

Array = NDArray[Any]

_LARGEST = 2**28
"""Numbers that fit into one ONNX file."""
_LISTED = 64
"""Columns whose typical values are told."""


def width(stage: Stage) -> int:
    """How many columns the model reads; Unsupported where one ONNX file can't hold vectors as wide."""
    serial = stage.kernel_type == "precomputed"
    return _fitting(stage, float(stage.SV.values.max(initial=0) if serial else stage.SV.width))


def _fitting(stage: Stage, columns: float) -> int:
    """So many columns as a whole number. Raises Unsupported before anything of that size is made."""
    vectors = {"precomputed": 1, "linear": len(stage.rho)}.get(stage.kernel_type, stage.SV.count)
    size = columns * max(vectors, 1)
    if not size <= _LARGEST:  # a serial number may be a NaN
        raise stage.unsupported(f"has vectors of {size:.0f} numbers, more than one ONNX file can hold")
    return int(columns)


def _typical(stage: Stage) -> Mapping[int, Array]:
    """Extremes and medians of the support vectors: nowhere does an answer jump, but here kernels aren't 0."""
    held = {} if stage.kernel_type == "precomputed" else dict.fromkeys(range(min(stage.SV.width, _LISTED)))
    values = {j: stage.SV.values[stage.SV.indices == j + 1] for j in held}
    return {j: np.quantile(v, [0, 0.5, 1], method="nearest") for j, v in values.items() if len(v)}


@converts("libsvm.c_svc", "libsvm.nu_svc", dtype=np.float64, refuses=Check.NOTHING, edges=_typical)
def svc(stage: Stage, x: Var) -> Answers:
    """The class that wins most pairs; ``most_probable`` is the one that svm-predict names with ``-b 1``."""
    count = int(stage.nr_class)
    if count < 2:
        raise stage.unsupported("knows one class only, whatever the row")
    scores = _decision(stage, x, coupling.weights(stage.sv_coef, stage.nr_sv))
    won = coupling.votes(op.greater(scores, const(0.0)), count)
    answers = {"predict": classes.most_likely(won, stage.label), "decision_values": scores}
    if stage.get("probA") is None or stage.get("probB") is None:
        return answers
    p = coupling.platt(scores, stage.probA, stage.probB)
    shares = op.concat([p, const(1.0) - p], axis=1) if count == 2 else coupling.coupled(p, count)
    likely = classes.label(classes.first_above(shares), stage.label)
    return answers | {"predict_proba": shares, "most_probable": likely}


@converts("libsvm.one_class", dtype=np.float64, refuses=Check.NOTHING, edges=_typical)
def one_class(stage: Stage, x: Var) -> Answers:
    """1 where the score is above 0, else -1; probabilities are looked up between the density marks."""
    score = _decision(stage, x, stage.sv_coef)
    inside = classes.above(linear.column(score))
    answers = {"predict": classes.label(inside, np.array([-1, 1])), "decision_values": score}
    if stage.get("prob_density_marks") is None:
        return answers
    p = _density(score, stage.prob_density_marks)
    return answers | {"predict_proba": op.concat([p, const(1.0) - p], axis=1)}


@converts("libsvm.epsilon_svr", "libsvm.nu_svr", dtype=np.float64, refuses=Check.NOTHING, edges=_typical)
def svr(stage: Stage, x: Var) -> Answers:
    """The kernel with the support vectors, weighted, ``[N]``. The noise that ``probA`` tells changes none."""
    return {"predict": linear.column(_decision(stage, x, stage.sv_coef))}


def _density(score: Var, marks: Array) -> Var:
    """The share ``[N, 1]`` by the first mark above the score ``[N, 1]``; 0 for a NaN and on the last mark.

    Formula: predict_one_class_probability in svm.cpp.
    """
    below, last = op.less(score, const(marks[None])), len(marks) - 1
    above = op.greater(score, const(marks[last:][None]))
    none = op.or_(op.isnan(score), op.not_(op.isnan(score)))
    ends = op.concat([op.slice(below, const([0]), const([1]), const([1])), above], axis=1)
    between = op.slice(below, const([1]), const([last + 1]), const([1]))
    first = op.arg_max(op.cast(op.concat([ends, between, none], axis=1), to=np.int32), axis=1)
    return op.gather(const([0.001, 0.999, *(np.arange(1, last + 1) / (last + 1)), 0.0]), first, axis=0)


def _decision(stage: Stage, x: Var, weights: Array) -> Var:
    """``k(x, SV) @ weights.T - rho`` ``[N, scores]`` for ``weights`` ``[scores, total_sv]``, NaN: no say."""
    coef, bias = np.nan_to_num(weights), -stage.rho
    if stage.kernel_type == "precomputed":
        serial = stage.SV.values.astype(np.int64)
        x = take_columns(x, serial - 1)
        usual = linear.affine(x, coef, bias)
    elif stage.kernel_type == "linear":
        usual = linear.affine(x, stage.SV.combined(coef, _fitting(stage, _width(x))), bias)
    else:
        usual = kernels.weighted(x, _dense(stage, x), _kernel(stage), coef, bias)
    return unless_finite(
        x, usual, lambda rows: written_products(_exact(stage, rows), coef, ~np.isnan(weights)) + bias
    )


def _exact(stage: Stage, rows: Var) -> Var:
    """The kernel ``[N, total_sv]`` of rows that hold a NaN or an infinity."""
    if stage.kernel_type == "precomputed":
        return rows
    if stage.kernel_type == "rbf":  # all differences count: any NaN makes a NaN, an infinity is far from all
        odd = op.reduce_max(op.cast(op.isnan(rows), to=np.int32), const([1]))
        same = op.where(op.cast(odd, to=np.bool_), const(np.nan), const(0.0))
        return op.expand(same, const([1, stage.SV.count]))
    products = written_products(rows, _dense(stage, rows), stage.SV.written(_width(rows)))
    return kernels.of_products(products, _kernel(stage))


def _kernel(stage: Stage) -> kernels.Kernel:
    degree, coef0 = float(stage.get("degree", 0)), float(stage.get("coef0", 0.0))
    return kernels.Kernel(stage.kernel_type, float(stage.get("gamma", 0.0)), degree, coef0)


def _dense(stage: Stage, x: Var) -> Array:
    """The support vectors ``[total_sv, d]``."""
    return np.asarray(stage.SV.dense(_fitting(stage, _width(x))))


def _width(x: Var) -> int:
    return int(shape_of(x)[1])
