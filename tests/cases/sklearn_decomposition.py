"""Rows for the decompositions."""

from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.random_projection import GaussianRandomProjection

from tests.harness import Case

SINGLE = "the rows are float32"

CASES = [
    *[Case(PCA(2, whiten=whiten), data="constants", methods=("transform",)) for whiten in (False, True)],
    Case(
        PCA(1),
        data="constants",
        methods=("score_samples",),
        refused="covariance is singular",
        reason="natively the inverse of it raises",
    ),
    Case(PCA()),
    Case(PCA(n_components=2)),
    Case(PCA(n_components=2, whiten=True)),
    Case(PCA(whiten=True)),
    Case(PCA(n_components=0.9, svd_solver="full")),
    Case(PCA(n_components="mle")),
    Case(PCA(n_components=2, svd_solver="arpack", random_state=0)),
    Case(PCA(n_components=2, svd_solver="covariance_eigh")),
    Case(PCA(n_components=2), data="whole"),
    Case(PCA(n_components=2), data="single", skip=("native",), reason=SINGLE),
    Case(
        PCA(n_components=2, whiten=True),
        data="single",
        skip=("native",),
        methods=("transform",),
        reason=SINGLE,
    ),
    Case(
        PCA(n_components=2, whiten=True),
        data="single",
        skip=("native",),
        methods=("score_samples",),
        refused="rounding leaves too little of its score_samples",
        reason="the rows are float32, and so is the matrix that score_samples inverts",
    ),
    Case(IncrementalPCA(n_components=2)),
    Case(IncrementalPCA(n_components=3, whiten=True)),
    Case(TruncatedSVD(random_state=0)),
    Case(TruncatedSVD(n_components=3, algorithm="arpack", random_state=0)),
    Case(FastICA(random_state=0, whiten="unit-variance")),
    Case(FastICA(n_components=2, random_state=0, whiten="arbitrary-variance", fun="cube")),
    Case(FastICA(random_state=0, whiten=False)),
    Case(FactorAnalysis(n_components=2, random_state=0)),
    Case(FactorAnalysis(n_components=4, random_state=0)),
    Case(FactorAnalysis(n_components=2, rotation="varimax", svd_method="lapack")),
    Case(GaussianRandomProjection(3, random_state=0)),
    Case(NeighborhoodComponentsAnalysis(2, max_iter=5, random_state=0)),
]
