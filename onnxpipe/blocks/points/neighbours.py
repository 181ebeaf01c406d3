"""The fitted points nearest to every row, and what they vote for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.blocks import numeric
from onnxpipe.blocks.points import distances, kernels
from onnxpipe.blocks.points.metrics import Measure, rounded
from onnxpipe.core.loops import fold
from onnxpipe.core.ops import Var, batch_size, cast, const, dtype_of, op, promote, ranked, shape_of, shaped

Array = NDArray[Any]

_SLACK = 16
"""Candidates beyond ``k`` that are measured exactly, for what rounding may have swapped."""

_NEAR = 2.0**-24
"""How near points are, beside the farthest, whose squared distances differ by less than these round."""


class Near(NamedTuple):
    """Distances ``[N, k]``, ascending, and positions ``[N, k]`` of the nearest fitted points."""

    distance: Var
    position: Var


class Metric(NamedTuple):
    """A Minkowski metric: its power (1, 2, ..., inf) and weights per feature, None for all 1.

    ``rooted`` is False for the squared Euclidean distance; ``measure`` is another metric in its place.
    ``single`` rounds to float32 on the way: differences, sums before their root, and after. ``narrow``
    answers the nearest ones' distances in float32.
    """

    power: float = 2
    weights: Array | None = None
    rooted: bool = True
    measure: Measure | None = None
    single: bool = False
    narrow: bool = False

    @property
    def is_euclidean(self) -> bool:
        """Whether it is the plain Euclidean distance, or its square."""
        return self.measure is None and self.weights is None and self.power == 2


def nearest(x: Var, points: Array, k: int, metric: Metric) -> Near:
    """The ``k`` of ``points`` ``[m, d]`` nearest to each row of float64 ``x``; of equals the first."""
    if metric.is_euclidean:
        near = _nearest_euclidean(x, points, k)
        root = rounded(op.sqrt(rounded(near.distance, metric.single)), metric.single)
        return Near(root, near.position) if metric.rooted else near
    near = _lowest(metric.measure(x, points) if metric.measure else _sums(x, points, metric), k)
    distance = _rooted(near.distance, metric)
    return Near(cast(distance, np.float32) if metric.narrow else distance, near.position)


def _lowest(values: Var, k: int) -> Near:
    return Near(*ranked(values, const([k]), largest=False))


def _nearest_euclidean(x: Var, points: Array, k: int) -> Near:
    """Nearest by squared distance: candidates by one matrix product, then measured by differences.

    Rows and points are moved near 0 first, where the product loses least; by whole numbers, so
    that whole numbers stay whole and equal distances equal.
    """
    origin = np.round(points.mean(axis=0))
    rough = distances.squared(x - origin, points - origin)
    candidates = _lowest(rough, min(k + max(_SLACK, _crowd(points - origin)), len(points))).position
    gap = op.gather(const(points), candidates, axis=0) - op.unsqueeze(x, const([1]))
    near = _lowest(op.reduce_sum_square(gap, const([2]), keepdims=0), k)
    return Near(near.distance, op.gather_elements(candidates, near.position, axis=1))


def _crowd(points: Array) -> int:
    """The most points, not all of them one, that are so near to each other that products can't tell them.

    Near is what rounds to one place along two directions.
    """
    ways = np.random.RandomState(0).normal(size=(points.shape[1], 2))
    steps = float(np.abs(points).max(initial=0.0)) * points.shape[1] * _NEAR or 1.0
    place = np.ravel(np.unique(np.round(points @ ways / steps), axis=0, return_inverse=True)[1])
    crowds = [points[place == i] for i in np.flatnonzero(np.bincount(place) > _SLACK)]
    return max((len(crowd) for crowd in crowds if (crowd != crowd[0]).any()), default=0)


def angles(x: Var, points: Array) -> Var:
    """``1 - cos(x, p)`` ``[N, m]``, between 0 and 2."""
    gap = const(1.0) - kernels.between(x, points, kernels.Kernel("cosine"))
    return op.clip(gap, const(0.0), const(2.0))


def _sums(x: Var, points: Array, metric: Metric) -> Var:
    """``sum(w * |x - p|**power)`` (for inf: the maximum of ``|x - p|``) ``[N, m]``, feature by feature.

    A loop over features needs room for ``[N, m]`` numbers, not ``[N, m, d]``.
    """
    weights = [] if metric.weights is None else [const(metric.weights, np.float64)]

    def step(total: Var, row: Var, column: Var, *weight: Var) -> Var:
        gap = op.abs(rounded(op.unsqueeze(row, const([1])) - column, metric.single))
        if metric.power == np.inf:
            return op.max([total, gap])
        raised = gap if metric.power == 1 else op.pow(gap, const(float(metric.power)))
        return total + (raised * weight[0] if weight else raised)

    shape = op.concat([batch_size(x), const([len(points)])], axis=0)
    start = op.expand(const(0.0), shape)
    return fold(start, [op.transpose(x, perm=[1, 0]), const(points.T), *weights], step)


def within(x: Var, points: Array, radius: float, metric: Metric) -> tuple[Var, Var]:
    """Distances ``[N, m]`` to all points, and bool ``[N, m]``: which are at most ``radius``."""
    sums = _measured(x, points, metric)
    limit = float(np.float32(radius)) if metric.single and not metric.is_euclidean else float(radius)
    near = op.less_or_equal(sums, const(limit ** _raised(metric)))
    return _rooted(sums, metric), near


def between(x: Var, points: Array, metric: Metric) -> Var:
    """Distances ``[N, m]`` to all points."""
    return _rooted(_measured(x, points, metric), metric)


def _measured(x: Var, points: Array, metric: Metric) -> Var:
    sums = metric.measure(x, points) if metric.measure else _sums(x, points, metric)
    return shaped(sums, shape_of(x)[0], len(points))


def _raised(metric: Metric) -> float:
    """The power of the distance that ``_sums`` answers."""
    return 1 if metric.measure or metric.power == np.inf or not metric.rooted else metric.power


def _rooted(sums: Var, metric: Metric) -> Var:
    power, sums = _raised(metric), rounded(sums, metric.single)
    return sums if power == 1 else rounded(op.pow(sums, const(1 / power)), metric.single)


def inverse(distance: Var) -> Var:
    """``1 / distance`` ``[N, k]``; where a row has distances of 0, they weigh 1 and all others 0."""
    weights = op.reciprocal(distance)
    at = cast(op.isinf(weights), dtype_of(distance))
    hit = cast(op.reduce_max(at, const([1])), np.bool_)
    return op.where(hit, at, weights)


def votes(near: Var, labels: Array, count: int, weights: Var | None) -> Var:
    """The (weighted) number of neighbours of each of ``count`` classes ``[N, count]``."""
    classes = op.gather(const(labels.astype(np.int64)), op.unsqueeze(near, const([2])), axis=0)
    same = cast(op.equal(classes, const(np.arange(count))), np.float64)
    if weights is None:
        return numeric.summed_within(same)
    share = op.unsqueeze(cast(weights, np.float64), const([2]))
    return op.reduce_sum(same * share, const([1]), keepdims=0)


def average(near: Var, targets: Array, weights: Var | None) -> Var:
    """The (weighted) mean of the neighbours' targets, ``[N]`` or ``[N, t]``."""
    targets = np.asarray(targets)
    values = op.gather(const(targets, None if targets.dtype.kind == "f" else np.float64), near, axis=0)
    if weights is None:
        return op.reduce_mean(values, const([1]), keepdims=0)
    spread = op.unsqueeze(weights, const([2])) if targets.ndim == 2 else weights
    total = op.reduce_sum(op.mul(*promote(values, spread)), const([1]), keepdims=0)
    return op.div(*promote(total, op.reduce_sum(spread, const([1]), keepdims=0)))
