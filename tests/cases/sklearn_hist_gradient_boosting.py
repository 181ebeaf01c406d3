"""Rows for histogram gradient boosting."""

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.harness import Case

FEW = {"max_iter": 6, "max_leaf_nodes": 6, "random_state": 0}
TEXT = {"categorical_features": ["city", "size"]}

CASES = [
    Case(HistGradientBoostingRegressor(**FEW)),
    Case(HistGradientBoostingRegressor(**FEW), data="missing_regression"),
    Case(HistGradientBoostingRegressor(**FEW, loss="absolute_error", max_bins=8)),
    Case(HistGradientBoostingRegressor(**FEW, loss="quantile", quantile=0.3)),
    Case(HistGradientBoostingRegressor(**FEW, loss="poisson"), data="counted"),
    Case(HistGradientBoostingRegressor(**FEW, loss="gamma", max_depth=2), data="counted"),
    Case(HistGradientBoostingRegressor(**FEW, monotonic_cst=[1, 0, -1, 0], early_stopping=True)),
    Case(
        HistGradientBoostingRegressor(**FEW, categorical_features=[1, 3], min_samples_leaf=3), data="counts"
    ),
    Case(HistGradientBoostingClassifier(**FEW)),
    Case(HistGradientBoostingClassifier(**FEW), data="missing"),
    Case(HistGradientBoostingClassifier(**FEW), data="labels"),
    Case(HistGradientBoostingClassifier(**FEW), data="binary_labels"),
    Case(HistGradientBoostingClassifier(**FEW, early_stopping=True, n_iter_no_change=1), data="binary"),
    Case(HistGradientBoostingClassifier(**FEW, class_weight="balanced"), data="odd_classes"),
    Case(HistGradientBoostingClassifier(**FEW, **TEXT, min_samples_leaf=3), data="frame"),
    Case(
        HistGradientBoostingClassifier(**FEW, categorical_features=[0, 1, 2, 3], min_samples_leaf=3),
        data="counts",
    ),
    Case(HistGradientBoostingClassifier(**FEW, min_samples_leaf=3), data="category_frame"),
    Case(
        HistGradientBoostingClassifier(**FEW, categorical_features=[0, 1], min_samples_leaf=3), data="words"
    ),
    Case(make_pipeline(StandardScaler(), HistGradientBoostingRegressor(**FEW)), data="regression"),
    Case(HistGradientBoostingRegressor(**FEW), data="narrow_frame"),
]
