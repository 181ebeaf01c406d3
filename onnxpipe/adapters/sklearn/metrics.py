"""Which metric a search for neighbours was fitted with.

Names: sklearn/neighbors/_base.py, sklearn/metrics/_dist_metrics.pyx.tp and sklearn/metrics/pairwise.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onnxpipe.blocks import metrics, neighbours
from onnxpipe.blocks.neighbours import Metric
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Check

Parameters = Mapping[str, Any]

_POWERS = {
    "euclidean": 2, "l2": 2, "sqeuclidean": 2, "manhattan": 1, "cityblock": 1, "l1": 1,
    "chebyshev": np.inf, "infinity": np.inf,
}  # fmt: skip
_MEASURES = {
    "cosine": neighbours.angles, "correlation": metrics.correlation, "canberra": metrics.canberra,
    "braycurtis": metrics.bray_curtis, "hamming": metrics.hamming, "haversine": metrics.haversine,
    "nan_euclidean": metrics.nan_euclidean, "precomputed": lambda x, points: x, **metrics.OF_TRUTHS,
}  # fmt: skip


def metric(stage: Stage) -> Metric:
    """The metric that was fitted. Raises Unsupported for a function and for weights that aren't known."""
    name = stage.effective_metric_
    if name == "braycurtis" and stage.get("_fit_method") == "brute" and stage.options.dtype == "float32":
        raise stage.inexact(
            "asks another library for 'braycurtis' of float32 rows, whose formula is another",
            remedy="Set algorithm='ball_tree' and fit again, or convert in float64.",
        )
    return named(stage, name, stage.effective_metric_params_)


def named(stage: Stage, name: Any, given: Parameters | None) -> Metric:
    """A metric by scikit-learn's name with its parameters. Raises Unsupported for a function."""
    params = {key: value for key, value in (given or {}).items() if value is not None}
    known = {**_OWN, **dict.fromkeys(_POWERS, _power), **dict.fromkeys(_MEASURES, _measure)}
    if not isinstance(name, str) or name not in known:
        raise stage.unsupported(f"measures by {name!r}; known are {', '.join(sorted(known))}")
    found = known[name](name, params)
    if found is None or params:
        told = f" with {', '.join(sorted(params))}" if params else " without its parameters"
        raise stage.unsupported(f"measures by {name!r}{told}, which isn't known")
    return found


def _power(name: str, params: dict[str, Any]) -> Metric:
    if name in ("euclidean", "l2"):  # Minkowski's power may still be there
        params.pop("p", None)
    return Metric(float(_POWERS[name]), rooted=name != "sqeuclidean")


def _measure(name: str, params: dict[str, Any]) -> Metric:
    return Metric(measure=_MEASURES[name])


def _minkowski(name: str, params: dict[str, Any]) -> Metric:
    return Metric(float(params.pop("p", 2)), params.pop("w", None))


def _scaled(name: str, params: dict[str, Any]) -> Metric | None:
    variances = params.pop("V", None)
    return None if variances is None else Metric(2, 1 / np.asarray(variances, np.float64))


def _mahalanobis(name: str, params: dict[str, Any]) -> Metric | None:
    covariance, inverse = params.pop("V", None), params.pop("VI", None)
    if inverse is None and covariance is not None:
        inverse = np.linalg.inv(np.asarray(covariance, np.float64))
    return None if inverse is None else Metric(measure=metrics.mahalanobis(np.asarray(inverse, np.float64)))


_OWN: dict[str, Callable[[str, dict[str, Any]], Metric | None]] = {
    "minkowski": _minkowski, "p": _minkowski, "seuclidean": _scaled, "mahalanobis": _mahalanobis,
}  # fmt: skip


def allows_gaps(stage: Stage) -> Check:
    """NaN is refused, except by the metric that measures what both have; infinities are."""
    return Check.INFINITE if stage.metric == "nan_euclidean" else Check.NONFINITE


def measured(stage: Stage, x: Var) -> Var:
    """The rows in float64; where they are distances themselves, negative ones refused."""
    wide = cast(x, np.float64)
    return unsigned(stage, wide) if stage.effective_metric_ == "precomputed" else wide


def for_kernel(stage: Stage, x: Var, kernel: str) -> Var:
    """The rows, negative ones refused by the kernels of histograms."""
    return unsigned(stage, x) if kernel in ("chi2", "additive_chi2") else x


def unsigned(stage: Stage, x: Var) -> Var:
    """The rows ``[N, d]``, those with anything below 0 refused."""
    return refuse(stage.context, x, op.less(x, const(0, dtype_of(x))))
