"""What conversion once raised a false alarm on, as ``tests.sweep`` tries every row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import Birch, MeanShift
from sklearn.decomposition import NMF, KernelPCA, LatentDirichletAllocation
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_selection import SelectFdr
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.kernel_approximation import Nystroem, PolynomialCountSketch, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelBinarizer, MultiLabelBinarizer, StandardScaler
from sklearn.semi_supervised import LabelSpreading

from onnxpipe.services.natives import native
from tests.cases.sklearn_sparse_coding import coder
from tests.harness import Case
from tests.inhouse import Inhouse
from tests.sweep import outcome

ON_A_PATH = coder("lasso_lars", transform_alpha=0.01, positive_code=True)
FOUND = [
    # float32's logarithm inside a float64 answer
    (make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()), "positive", "float32"),
    # integers without a sign
    (StandardScaler(), "narrow_frame", "native"),
    # cosines of angles of which rounding leaves nothing
    (RBFSampler(n_components=4, random_state=0), "numeric", "float32"),
    # rows so far out that all centres are equally far
    (MeanShift(bandwidth=4), "single", "float32"),
    (Birch(), "single", "float32"),
    (LabelSpreading(kernel="knn", n_neighbors=4), "some_labels", "float32"),
    (NearestCentroid(), "binary", "float32"),
    # rounds that end for all rows at once, when the farthest has settled
    (NMF(n_components=3, random_state=0), "single_positive", "float32"),
    # changes so near to the one that ends the rounds that float32 decides
    (LatentDirichletAllocation(3, random_state=0, max_iter=3), "single_positive", "float32"),
    # distances to the centre that a row is
    (Birch(n_clusters=None, threshold=2.0), "numeric", "float32"),
    # no column is left
    (SelectFdr(alpha=1e-300), "classes", "native"),
    # cubes of huge numbers that cancel out
    (KernelRidge(kernel="poly"), "regression", "native"),
    # one column or two, as the other rows in the batch are
    (LabelBinarizer(), "label_pairs", "native"),
    # infinities and numbers beyond 64 bits that no integer holds
    (FeatureHasher(n_features=13, dtype=np.int64), "dictionaries", "native"),
    # weights of 1 over the rounding noise of a distance of 0
    (make_pipeline(KNNImputer(n_neighbors=3, weights="distance"), Ridge()), "twins", "native"),
    # distances of almost 0 by brute force, and rows with gaps on fitted ones
    (KNeighborsRegressor(metric="nan_euclidean", weights="distance"), "missing", "native"),
    # float32 kernels that a normalization of large numbers takes apart
    (Nystroem(n_components=30, gamma=0.01, random_state=0), "single", "float32"),
    # paths of float32 rows, along which the Gram matrix is factored in float32
    (ON_A_PATH, "numeric", "float32"),
    # neighbours inside an imputer, all of them equally far from far away
    (
        IterativeImputer(KNeighborsRegressor(2), max_iter=3, random_state=0, skip_complete=True),
        "missing",
        "float32",
    ),
    # components of a sketch to which nothing belongs, where a Fourier transform leaves its rounding
    (PolynomialCountSketch(n_components=100, random_state=0), "numeric", "native"),
    # kernels of points so far from 0 that they are told from themselves, and neighbours behind them
    (
        make_pipeline(FunctionTransformer(np.exp2), KernelPCA(2, kernel="rbf"), KNeighborsRegressor(3)),
        "regression",
        "native",
    ),
    (make_pipeline(make_pipeline(KNNImputer(n_neighbors=3, weights="distance")), Ridge()), "twins", "native"),
]


@pytest.mark.parametrize(("estimator", "data", "dtype"), FOUND, ids=str)
def test_no_false_alarm(estimator: object, data: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "Process", Inhouse)
    found = outcome(Case(estimator, data=data), dtype)
    assert found.verdict == "EQUAL", found.told


def test_an_empty_text_that_is_a_label_is_none_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "Process", Inhouse)
    case = Case(MultiLabelBinarizer(), data="padded_sets", options={"missing_string": "none"})
    found = outcome(case, "native")
    assert found.verdict == "EQUAL", found.told
