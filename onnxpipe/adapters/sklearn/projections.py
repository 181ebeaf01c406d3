"""Columns mixed by sparse weights: random projections and groups of features.

Formulas: sklearn/random_projection.py and sklearn/cluster/_feature_agglomeration.py.
"""

from __future__ import annotations

import numpy as np

from onnxpipe.adapters.pickles import Global
from onnxpipe.blocks import linear
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("sklearn.random_projection.SparseRandomProjection", carries=True)
def sparse_random_projection(stage: Stage, x: Var) -> Var:
    """``x @ components.T`` ``[N, k]``."""
    return linear.affine(x, np.asarray(stage.components_))


@converts("sklearn.cluster.FeatureAgglomeration", dtype=np.float64, carries=True)
def feature_agglomeration(stage: Stage, x: Var) -> Var:
    """The mean of each group of features, float64 ``[N, groups]``."""
    pooling = stage.pooling_func
    if not isinstance(pooling, Global) or pooling.kind != "numpy.mean":
        raise stage.unsupported(f"pools by {getattr(pooling, 'kind', pooling)}; known is numpy.mean")
    labels = np.asarray(stage.labels_)
    sizes = np.bincount(labels)
    groups = (labels == np.arange(len(sizes))[:, None]).astype(np.float64)
    return op.div(linear.affine(x, groups), const(sizes, np.float64))
