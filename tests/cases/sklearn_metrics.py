"""Rows for the metrics that searches for neighbours know beside Minkowski's, and kernels of histograms."""

from __future__ import annotations

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import PairwiseKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    RadiusNeighborsTransformer,
)

from tests.harness import Case

SPREAD = {"metric": "seuclidean", "metric_params": {"V": np.array([1.0, 4.0, 0.25, 2.0])}}
LEANING = np.array([[2.0, 0.5, 0.0, 0.1], [0.5, 1.0, 0.2, 0.0], [0.0, 0.2, 3.0, 0.4], [0.1, 0.0, 0.4, 1.5]])
TURNED = {"metric": "mahalanobis", "metric_params": {"VI": LEANING}}
SKEWED = {"metric": "mahalanobis", "metric_params": {"V": LEANING}, "algorithm": "ball_tree"}
OF_TRUTHS = ("jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath")
ONE_LEAF = {"leaf_size": 100}
SEARCHED = ("l2", "cityblock", "chebyshev", "canberra", "braycurtis")
FAR = "from far away all points are equally far"
ROUND = "latitudes end at the poles"
NOISE = "native takes squares apart: far away nothing is left of the other columns"

CASES = [
    *[
        Case(kind(metric=metric, algorithm="ball_tree", leaf_size=leaf), huge=1e3, reason=FAR)
        for kind in (KNeighborsClassifier, KNeighborsRegressor, KNeighborsTransformer)
        for metric, leaf in (("braycurtis", 100), ("canberra", 30))
    ],
    *[
        Case(
            kind(metric="braycurtis"),
            refused="which misses some",
            reason="it is no metric, and balls no bounds",
        )
        for kind in (KNeighborsRegressor, RadiusNeighborsTransformer)
    ],
    Case(KNeighborsClassifier(metric="canberra", algorithm="brute", weights="distance")),
    Case(KNeighborsClassifier(metric="braycurtis", algorithm="brute"), huge=1e3, reason=FAR),
    # float32 rows among float32 points: native rounds on the way.
    *[
        Case(KNeighborsRegressor(metric=metric, algorithm="brute", weights="distance", p=3), data="single")
        for metric in (*SEARCHED, "minkowski", "sqeuclidean", "correlation")
    ],
    Case(LocalOutlierFactor(metric="braycurtis", algorithm="brute", novelty=True), data="single"),
    *[
        Case(KNeighborsTransformer(metric=m, algorithm="brute"), data="single", huge=1e3, reason=FAR)
        for m in ("l2", "cityblock", "braycurtis")
    ],
    Case(RadiusNeighborsTransformer(radius=3.0, metric="l1", algorithm="brute"), data="single"),
    Case(KNeighborsRegressor(metric="correlation")),
    Case(LocalOutlierFactor(metric="canberra", novelty=True)),
    *[Case(KNeighborsRegressor(**each)) for each in (SPREAD, TURNED, SKEWED)],
    Case(KNeighborsClassifier(**TURNED, weights="distance")),
    Case(RadiusNeighborsRegressor(2.0, **SPREAD, algorithm="ball_tree")),
    Case(
        KNeighborsRegressor(metric="seuclidean", algorithm="brute", metric_params={"V": None}),
        refused="without its parameters",
        reason="native refuses to predict",
    ),
    *[Case(KNeighborsRegressor(metric="haversine", algorithm=a), data="places") for a in ("auto", "brute")],
    Case(RadiusNeighborsTransformer(radius=0.5, metric="haversine"), data="places"),
    *[Case(kind(radius=None)) for kind in (RadiusNeighborsRegressor, RadiusNeighborsTransformer)],
    Case(
        RadiusNeighborsTransformer(radius=None, algorithm="brute"),
        refused="without a radius",
        reason="native refuses to transform",
    ),
    # Of truths many are equally far, so that which are taken is up to native's heap.
    *[
        Case(RadiusNeighborsClassifier(0.6, metric=m, outlier_label=0, **ONE_LEAF), data="bits")
        for m in OF_TRUTHS
    ],
    *[
        Case(RadiusNeighborsTransformer(radius=0.4, metric=m, **ONE_LEAF), data="bits")
        for m in (*OF_TRUTHS, "hamming")
    ],
    *[
        Case(RadiusNeighborsRegressor(0.4, metric=metric, algorithm="brute"), data="bits")
        for metric in ("yule", "hamming", "jaccard")
    ],
    Case(RadiusNeighborsRegressor(0.4, metric="sokalmichener", algorithm="ball_tree"), data="bits"),
    Case(KNeighborsRegressor(metric="nan_euclidean"), data="missing", huge=1e3, reason=NOISE),
    Case(KNeighborsClassifier(metric="precomputed"), data="distances"),
    Case(KNeighborsTransformer(metric="precomputed"), data="distances"),
    Case(RadiusNeighborsRegressor(7.0, metric="precomputed"), data="distances"),
    # Native's fast path looks at no value.
    Case(RadiusNeighborsClassifier(4.0, metric="manhattan", algorithm="brute", outlier_label=1)),
    Case(RadiusNeighborsClassifier(4.0, algorithm="brute", outlier_label="low"), data="labels"),
    *[Case(KernelRidge(kernel=kernel, gamma=0.3), data="counts") for kernel in ("chi2", "additive_chi2")],
    Case(Nystroem(kernel="chi2", n_components=5, random_state=0), data="positive"),
    Case(
        GaussianProcessRegressor(PairwiseKernel(metric="chi2", gamma=0.1), alpha=0.1, optimizer=None),
        data="counts",
    ),
    *[
        Case(KernelDensity(metric=metric, bandwidth=4.0))
        for metric in ("manhattan", "chebyshev", "braycurtis", "canberra")
    ],
    Case(KernelDensity(metric="minkowski", metric_params={"p": 3}, bandwidth=4.0)),
    Case(KernelDensity(**SPREAD, kernel="linear", bandwidth=4.0)),
    Case(KernelDensity(metric="haversine", kernel="cosine"), data="places", huge=1.5, reason=ROUND),
]
