"""Rows for random projections and groups of features."""

import numpy as np
from sklearn.cluster import FeatureAgglomeration
from sklearn.random_projection import SparseRandomProjection

from tests.harness import Case

CASES = [
    Case(SparseRandomProjection(2, random_state=0)),
    Case(SparseRandomProjection(3, density=0.8, dense_output=True, random_state=0)),
    Case(SparseRandomProjection(3, density=1.0, random_state=0), data="single"),
    Case(FeatureAgglomeration(2)),
    Case(FeatureAgglomeration(3), data="whole"),
    Case(FeatureAgglomeration(2, pooling_func=np.max), refused="numpy.max", reason="only means are known"),
]
