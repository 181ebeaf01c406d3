"""Which metric a search for neighbours was fitted with.

Names: sklearn/neighbors/_base.py, sklearn/metrics/_dist_metrics.pyx.tp and sklearn/metrics/pairwise.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks.points import metrics, neighbours
from onnxpipe.blocks.points.metrics import Measure
from onnxpipe.blocks.points.neighbours import Metric
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


_SEARCHED = {
    *("euclidean", "l2", "manhattan", "cityblock", "l1", "chebyshev", "infinity", "minkowski", "p"),
    *("seuclidean", "canberra", "braycurtis", "haversine"),
}
"""Metrics that native's own search by brute force knows, rounding for float32. It knows sqeuclidean, too."""
_IN_SINGLE: dict[str, Measure] = {
    "canberra": partial(metrics.canberra, single=True), "haversine": partial(metrics.haversine, single=True),
    "braycurtis": partial(metrics.bray_curtis, single=True),
}  # fmt: skip
_LEANING = ("braycurtis", "dice")
"""No metrics: a detour may be shorter than the way, and a search that trusts balls misses neighbours."""
_KEPT = ("cosine", "nan_euclidean", "precomputed")
"""Those that answer in float32 where rows and points are."""


def metric(stage: Stage, x: Var) -> Metric:
    """The metric that was fitted, for such rows. Raises Unsupported for a function and for weights that
    aren't known.

    By brute force native searches itself where rows and points are of one type, else scipy measures.
    Formulas: sklearn/metrics/_pairwise_distances_reduction (since 1.1, for float32 since 1.2), where
    ``compute_exact_distances`` hands sums to a metric of float32.
    """
    name = stage.effective_metric_
    found = named(stage, name, stage.effective_metric_params_)
    if name in _LEANING and stage.get("_fit_method") == "ball_tree" and _is_split(stage):
        raise stage.inexact(
            f"looks for neighbours by {name!r} in a ball tree, which misses some: it is no metric",
            remedy="Fit it with algorithm='brute'.",
        )
    single, alike = dtype_of(x) == np.float32, dtype_of(x) == np.asarray(stage._fit_X).dtype
    if stage.get("_fit_method") != "brute" or name not in _SEARCHED:
        return found._replace(narrow=single and alike and name in _KEPT)
    if not alike or not saved_since(stage, 1, 2 if single else 1):
        of_sums = partial(metrics.bray_curtis, of_sums=True)
        return found._replace(measure=of_sums) if name == "braycurtis" else found
    if single and name == "l2":  # by differences, unlike "euclidean"
        found = found._replace(weights=np.ones(np.shape(stage._fit_X)[1]))
    return found._replace(single=single, measure=_IN_SINGLE.get(name) if single else found.measure)


def _is_split(stage: Stage) -> bool:
    """Whether a ball tree has more than one leaf (``BinaryTree.n_levels``)."""
    return (len(stage._fit_X) - 1) / int(stage.leaf_size) >= 2


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
