"""Rows for the nearest neighbours."""

from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

from tests.harness import Case

SINGLE = "the rows are float32"
METRICS = ("euclidean", "manhattan", "chebyshev", "l1", "l2", "cityblock", "infinity")

CASES = [
    Case(KNeighborsClassifier()),
    Case(KNeighborsClassifier(), data="binary"),
    Case(KNeighborsClassifier(), data="labels"),
    Case(KNeighborsClassifier(), data="flags"),
    Case(KNeighborsClassifier(1), data="small_ints"),
    Case(KNeighborsClassifier(150)),
    Case(KNeighborsClassifier(), data="single", skip=("native",), reason=SINGLE),
    Case(KNeighborsClassifier(), data="multilabel"),
    Case(KNeighborsClassifier(weights="distance"), data="multilabel"),
    *[Case(KNeighborsClassifier(algorithm=a)) for a in ("brute", "kd_tree", "ball_tree")],
    *[Case(KNeighborsClassifier(weights="distance", algorithm=a)) for a in ("kd_tree", "ball_tree")],
    # Whole numbers: of others, native's brute search leaves rounding noise of a distance of 0.
    Case(KNeighborsClassifier(weights="distance", algorithm="brute"), data="whole"),
    *[Case(KNeighborsClassifier(p=p, weights="distance")) for p in (1, 1.5, 2, 3, float("inf"))],
    *[Case(KNeighborsClassifier(p=p, algorithm="brute")) for p in (1, 3)],
    Case(KNeighborsClassifier(1, p=0.5, algorithm="brute")),
    *[Case(KNeighborsClassifier(metric=metric)) for metric in METRICS],
    Case(KNeighborsClassifier(metric="sqeuclidean", weights="distance", algorithm="brute")),
    Case(KNeighborsClassifier(metric="minkowski", metric_params={"w": [1, 2, 3, 4]}, weights="distance")),
    Case(KNeighborsClassifier(metric="cosine")),
    Case(KNeighborsClassifier(algorithm="brute"), data="single", skip=("native",), reason=SINGLE),
    Case(RadiusNeighborsRegressor(0.2, metric="cosine")),
    Case(KNeighborsRegressor()),
    Case(KNeighborsRegressor(3, leaf_size=5)),
    Case(KNeighborsRegressor(), data="targets"),
    Case(KNeighborsRegressor(weights="distance")),
    Case(KNeighborsRegressor(weights="distance"), data="targets"),
    Case(KNeighborsRegressor(algorithm="brute")),
    Case(KNeighborsRegressor(algorithm="ball_tree", p=1)),
    Case(KNeighborsRegressor(), data="single", skip=("native",), reason=SINGLE),
    Case(NearestCentroid()),
    Case(NearestCentroid(), data="binary"),
    Case(NearestCentroid(metric="manhattan"), data="labels"),
    Case(NearestCentroid(metric="manhattan", priors="empirical"), data="labels"),
    Case(NearestCentroid(priors="empirical"), data="binary_labels"),
    Case(NearestCentroid(shrink_threshold=0.3, priors=[0.2, 0.3, 0.5])),
    Case(RadiusNeighborsClassifier(4.0)),
    Case(RadiusNeighborsClassifier(4.0, outlier_label=1)),
    Case(RadiusNeighborsClassifier(4.0, outlier_label=1, algorithm="brute")),
    Case(RadiusNeighborsClassifier(2.0, outlier_label="most_frequent", weights="distance"), data="labels"),
    Case(RadiusNeighborsClassifier(2.0, outlier_label="none", p=1), data="labels"),
    Case(RadiusNeighborsClassifier(4.0, outlier_label=1), data="multilabel"),
    Case(
        RadiusNeighborsClassifier(4.0, outlier_label="low", algorithm="brute", p=1),
        data="labels",
        refused="position of a class",
        reason="native's answer for outliers depends on how rows are laid out in memory",
    ),
    Case(RadiusNeighborsRegressor(4.0)),
    Case(RadiusNeighborsRegressor(4.0, weights="distance", metric="chebyshev")),
    Case(RadiusNeighborsRegressor(4.0, weights="distance", p=3), data="targets"),
    Case(RadiusNeighborsRegressor(4.0, algorithm="ball_tree"), data="whole"),
]
