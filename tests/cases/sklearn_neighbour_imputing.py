"""Rows for the imputer by nearest neighbours."""

from sklearn.impute import KNNImputer

from tests.harness import Case

NOISE = "beside a huge value, native's expanded squares leave nothing of the other columns"

CASES = [
    Case(KNNImputer(), data="missing", huge=1e3, reason=NOISE),
    Case(KNNImputer(n_neighbors=2, weights="distance"), data="missing", huge=1e3, reason=NOISE),
    Case(KNNImputer(n_neighbors=200), data="missing", huge=1e3, reason=NOISE),
    Case(KNNImputer(add_indicator=True), data="missing", huge=1e3, reason=NOISE),
    Case(KNNImputer(n_neighbors=150), data="gaps", huge=1e3, reason=NOISE),
    Case(KNNImputer(n_neighbors=150, keep_empty_features=True, add_indicator=True), data="gaps"),
    Case(KNNImputer(n_neighbors=150, missing_values=-1), data="marked"),
    Case(KNNImputer(), data="numeric"),
    Case(KNNImputer(weights=abs), data="missing", refused="Python function", reason="functions aren't data"),
]
