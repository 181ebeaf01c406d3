"""Scalers. Formulas: sklearn/preprocessing/_data.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import numeric
from onnxpipe.core.apply import unfloated
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, promote
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.stored import Stored
from onnxpipe.core.table import Check, Table


def _unclipped(stage: Stage) -> bool:
    return not stage.get("clip", False)


def _shrunk(stage: Stage, x: Var, stored: Stored) -> Var:
    """``x / scale_``, and sparse rows times its reciprocal, rounded to the dtype of ``x``."""
    if stored is Stored.DENSE:
        return numeric.inplace(x, x / numeric.beside(x, stage.scale_))
    made = numeric.inplace(x, x * numeric.beside(x, 1 / np.asarray(stage.scale_)))
    zero, least = (const(v, dtype_of(x)) for v in (0, np.finfo(dtype_of(x)).smallest_subnormal))
    # What rounds to 0 is still there: the least number next to it says so to those that ask.
    return op.where(op.and_(op.equal(made, zero), op.not_(op.equal(x, zero))), least, made)


@converts("sklearn.preprocessing.StandardScaler", refuses=Check.INFINITE, carries=True)
def standard_scaler(stage: Stage, x: Var, stored: Stored) -> Var:
    """``(x - mean_) / scale_``; before 1.8 in the precision of both, rounded in place."""
    if stored is not Stored.DENSE:
        return x if stage.scale_ is None else _shrunk(stage, x, stored)
    mean = stage.mean_ if stage.with_mean else None
    if saved_since(stage, 1, 8):
        return numeric.standardise(x, mean, stage.scale_)
    x = x if mean is None else numeric.inplace(x, x - numeric.beside(x, mean))
    return x if stage.scale_ is None else numeric.inplace(x, x / numeric.beside(x, stage.scale_))


def _range_edges(stage: Stage) -> Mapping[int, Any]:
    """What maps onto the limits of the range, where it clips."""
    if _unclipped(stage):
        return {}
    return {
        i: [low, high] for i, (low, high) in enumerate(zip(stage.data_min_, stage.data_max_, strict=True))
    }


@converts(
    "sklearn.preprocessing.MinMaxScaler", refuses=Check.INFINITE, carries=_unclipped, edges=_range_edges
)
def min_max_scaler(stage: Stage, x: Var) -> Var:
    """``x * scale_ + min_``, each step rounded to the dtype of ``x``; between the limits if it clips."""
    scaled = numeric.inplace(x, x * numeric.beside(x, stage.scale_))
    scaled = numeric.inplace(x, scaled + numeric.beside(x, stage.min_))
    return scaled if _unclipped(stage) else numeric.clipped(scaled, *stage.feature_range)


def _magnitude_edges(stage: Stage) -> Mapping[int, Any]:
    return {} if _unclipped(stage) else {i: [-size, size] for i, size in enumerate(stage.scale_)}


@converts(
    "sklearn.preprocessing.MaxAbsScaler", refuses=Check.INFINITE, carries=_unclipped, edges=_magnitude_edges
)
def max_abs_scaler(stage: Stage, x: Var, stored: Stored) -> Var:
    """``x / scale_``; between -1 and 1 if it clips (since 1.9)."""
    scaled = _shrunk(stage, x, stored)
    return scaled if _unclipped(stage) else numeric.clipped(scaled, -1, 1)


@converts("sklearn.preprocessing.RobustScaler", refuses=Check.INFINITE, carries=True)
def robust_scaler(stage: Stage, x: Var, stored: Stored) -> Var:
    """``(x - center_) / scale_``, each step rounded to the dtype of ``x``."""
    if stage.with_centering:
        x = numeric.inplace(x, x - numeric.beside(x, stage.center_))
    return _shrunk(stage, x, stored) if stage.with_scaling else x


@converts("sklearn.preprocessing.Normalizer")
def normalizer(stage: Stage, x: Var) -> Var:
    """Rows over their norm."""
    return numeric.unit(x, stage.norm)


@converts(
    "sklearn.preprocessing.Binarizer",
    edges=lambda stage: {i: [stage.threshold] for i in range(int(stage.n_features_in_))},
)
def binarizer(stage: Stage, x: Table) -> Table:
    """1 where ``x`` is above the threshold, else 0, in the dtype of ``x`` (integers too)."""
    values = unfloated(stage, x)
    wide = values if dtype_of(values).kind == "f" else cast(values, np.float64)
    return Table.of(cast(op.greater(*promote(wide, stage.threshold)), dtype_of(values)), finite=True)


@converts(
    "sklearn.preprocessing.PowerTransformer",
    refuses=Check.INFINITE,
    edges=lambda stage: {i: [0.0] for i in range(len(stage.lambdas_) * (stage.method != "box-cox"))},
)
def power_transformer(stage: Stage, x: Var) -> Table:
    """Box and Cox's or Yeo and Johnson's transform of each column, then standardised."""
    if stage.method == "box-cox":
        x = refuse(stage.context, x, op.less_or_equal(x, const(0, dtype_of(x))))
        bent = numeric.inplace(x, numeric.box_cox(x, stage.lambdas_))
    else:
        powers = not saved_since(stage, 1, 9)
        bent = numeric.inplace(x, numeric.yeo_johnson(x, stage.lambdas_, by_powers=powers))
    if not stage.standardize:
        return Table.of(bent)
    scaler = stage.child("scaler", stage._scaler)
    # Its scaler refuses what overflowed to infinity here.
    return Table.of(numeric.standardise(bent, scaler.mean_, scaler.scale_), owes=Check.INFINITE)
