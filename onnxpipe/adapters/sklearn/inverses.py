"""The way back through transformers. Formulas: ``inverse_transform`` in sklearn/preprocessing/_data.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.functions import called
from onnxpipe.blocks import numeric, quantiles, special
from onnxpipe.core.apply import unfloated
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Check, Table

_BOUND = 1e-7
"""How near to 0 and 1 counts as there, on the way back from normal quantiles."""


def inverse(stage: Stage, x: Var) -> Var:
    """What a fitted transformer would make ``x`` ``[N, d]`` of.

    Raises Unsupported for a kind whose way back isn't written here.
    """
    found = _INVERSES.get(stage.kind)
    if found is None:
        raise stage.unsupported("has no inverse_transform that could be converted")
    return found(stage, x)


def _checked(stage: Stage, x: Var) -> Var:
    """``x`` as floats, infinities refused."""
    wide = x if dtype_of(x).kind == "f" else cast(x, np.float64)
    return guarded(stage.context, wide, Check.INFINITE)


def _standard(stage: Stage, x: Var) -> Var:
    x = _checked(stage, x)
    return _scaled_back(x, stage.scale_ if stage.with_std else None, stage.mean_ if stage.with_mean else None)


def _scaled_back(x: Var, scale: NDArray[Any] | None, mean: NDArray[Any] | None) -> Var:
    """``x * scale + mean``, both rounded to the dtype of ``x``."""
    x = x if scale is None else op.mul(x, const(scale, dtype_of(x)))
    return x if mean is None else op.add(x, const(mean, dtype_of(x)))


def _min_max(stage: Stage, x: Var) -> Var:
    x = _checked(stage, x)
    return numeric.inplace(x, numeric.inplace(x, x - stage.min_) / stage.scale_)


def _max_abs(stage: Stage, x: Var) -> Var:
    x = _checked(stage, x)
    return numeric.inplace(x, x * stage.scale_)


def _robust(stage: Stage, x: Var) -> Var:
    x = _checked(stage, x)
    scaled = numeric.inplace(x, x * stage.scale_) if stage.with_scaling else x
    return numeric.inplace(x, scaled + stage.center_) if stage.with_centering else scaled


def _power(stage: Stage, x: Var) -> Var:
    x = _checked(stage, x)
    if stage.standardize:
        scaler = stage.child("_scaler", stage._scaler)
        x = _scaled_back(x, scaler.scale_, scaler.mean_)
    unbent = numeric.inverse_box_cox if stage.method == "box-cox" else numeric.inverse_yeo_johnson
    return numeric.inplace(x, unbent(x, np.asarray(stage.lambdas_)))


def _quantile(stage: Stage, x: Var) -> Var:
    if shape_of(x)[1] != 1:
        raise stage.unsupported("has quantiles of several targets, whose way back isn't written")
    x = _checked(stage, x)
    heights, values = np.asarray(stage.references_)[:, None], np.asarray(stage.quantiles_)
    share = cast(x, np.float64)
    if stage.output_distribution == "normal":
        share = special.normal_cdf(share)
        low = op.less(share, const(_BOUND))
        high = op.greater(share + const(_BOUND), const(1.0))
    else:
        low, high = op.equal(share, const(0.0)), op.equal(share, const(1.0))
    found = quantiles.interpolated(op.clip(share, const(0.0), const(1.0)), heights, values[:, 0])
    return numeric.inplace(x, op.where(high, const(values[-1]), op.where(low, const(values[0]), found)))


def _function(stage: Stage, x: Var) -> Var:
    table = Table.of(x)
    if stage.get("validate", False):
        table = Table.of(unfloated(stage, table), finite=True)
    function = stage.get("inverse_func")
    return (table if function is None else called(stage, table, function, stage.get("inv_kw_args"))).matrix()


def _pipeline(stage: Stage, x: Var) -> Var:
    for name, step in reversed(stage.steps):
        if step is not None and step != "passthrough":
            x = inverse(stage.child(name, step), x)
    return x


_INVERSES: dict[str, Callable[[Stage, Var], Var]] = {
    "sklearn.pipeline.Pipeline": _pipeline,
    "sklearn.preprocessing.FunctionTransformer": _function,
    "sklearn.preprocessing.MaxAbsScaler": _max_abs,
    "sklearn.preprocessing.MinMaxScaler": _min_max,
    "sklearn.preprocessing.PowerTransformer": _power,
    "sklearn.preprocessing.QuantileTransformer": _quantile,
    "sklearn.preprocessing.RobustScaler": _robust,
    "sklearn.preprocessing.StandardScaler": _standard,
}
