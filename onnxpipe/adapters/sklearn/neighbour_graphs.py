"""The graph of nearest neighbours and embeddings that follow it.

Formulas: sklearn/neighbors/_graph.py, sklearn/manifold/_isomap.py and _locally_linear.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.sklearn.metrics import allows_gaps, measured, metric
from onnxpipe.adapters.sklearn.neighbours import fitted_points, meeting_order, radius
from onnxpipe.adapters.sklearn.versions import saved_since
from onnxpipe.blocks import numeric
from onnxpipe.blocks.points import manifolds, neighbours
from onnxpipe.core.apply import transformed
from onnxpipe.core.ops import Var, cast, const, dtype_of, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table
from onnxpipe.core.wild import beyond

Array = NDArray[Any]

_FAR = beyond(1e3, lambda stage: fitted_points(stage.child("nbrs_", stage.nbrs_)))
"""From far away all points are equally far, and what differs is rounding noise."""


def _nearest(stage: Stage, x: Var, count: int) -> neighbours.Near:
    """Distances to the ``count`` nearest fitted points ``[N, count]``, and their positions."""
    order = meeting_order(stage)
    near = neighbours.nearest(measured(stage, x), fitted_points(stage)[order], count, metric(stage, x))
    return neighbours.Near(near.distance, op.gather(const(order.astype(np.int64)), near.position, axis=0))


@converts("sklearn.neighbors.KNeighborsTransformer", refuses=allows_gaps)
def k_neighbors_transformer(stage: Stage, x: Var) -> Var:
    """The distance, or 1, in the columns of the nearest fitted points, float64 ``[N, m]``; 0 elsewhere."""
    measured = stage.mode == "distance"
    near = _nearest(stage, x, int(stage.n_neighbors) + measured)
    return manifolds.scattered(near, int(stage.n_samples_fit_), measured=measured)


@converts("sklearn.neighbors.RadiusNeighborsTransformer", refuses=allows_gaps)
def radius_neighbors_transformer(stage: Stage, x: Var) -> Var:
    """The distance, or 1, in the columns of the fitted points within the radius ``[N, m]``; 0 elsewhere."""
    points = fitted_points(stage)
    distance, near = neighbours.within(measured(stage, x), points, radius(stage), metric(stage, x))
    return op.where(near, distance, const(0.0)) if stage.mode == "distance" else cast(near, np.float64)


@converts("sklearn.manifold.Isomap", wild=_FAR)
def isomap(stage: Stage, x: Var) -> Var:
    """Distances along the graph through the nearest fitted points, embedded by kernel PCA ``[N, k]``."""
    if stage.n_neighbors is None:
        raise stage.unsupported("follows all points within a radius, which may be none")
    near = _nearest(stage.child("nbrs_", stage.nbrs_), x, int(stage.n_neighbors))
    dtype = dtype_of(x) if saved_since(stage, 1, 2) else np.dtype(np.float64)
    way = cast(manifolds.shortest(near, stage.dist_matrix_), dtype)
    table = Table.of(op.mul(way * way, const(-0.5, dtype)))
    return transformed(stage.child("kernel_pca_", stage.kernel_pca_), table).matrix()


@converts("sklearn.manifold.LocallyLinearEmbedding", wild=_FAR)
def locally_linear_embedding(stage: Stage, x: Var) -> Var:
    """The neighbours' embeddings, weighted as the neighbours make up the row ``[N, k]``."""
    inner = stage.child("nbrs_", stage.nbrs_)
    near = _nearest(inner, x, int(stage.n_neighbors))
    weights = manifolds.barycentre(x, near.position, fitted_points(inner), float(stage.reg))
    weights = cast(numeric.inplace(x, weights), np.float64)
    placed = op.gather(const(stage.embedding_, np.float64), near.position, axis=0)
    return op.reduce_sum(placed * op.unsqueeze(weights, const([2])), const([1]), keepdims=0)
