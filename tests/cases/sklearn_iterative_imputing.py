"""Rows for the imputer that predicts columns from one another."""

from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (what it enables is imported next)

from sklearn.ensemble import ExtraTreesRegressor  # isort: skip
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.harness import Case

FEW = {"max_iter": 3, "random_state": 0}
TREES = ExtraTreesRegressor(3, max_depth=3, random_state=0)

CASES = [
    Case(IterativeImputer(**FEW), data="missing"),
    Case(IterativeImputer(**FEW)),
    Case(IterativeImputer(**FEW), data="gaps"),
    Case(IterativeImputer(**FEW, keep_empty_features=True, add_indicator=True), data="gaps"),
    Case(IterativeImputer(**FEW, add_indicator=True, initial_strategy="median"), data="missing"),
    Case(IterativeImputer(**FEW, imputation_order="random", n_nearest_features=2), data="missing"),
    Case(IterativeImputer(**FEW, min_value=0, max_value=[1, 2, 3, 0.5]), data="missing"),
    Case(IterativeImputer(TREES, **FEW, imputation_order="roman"), data="missing"),
    Case(IterativeImputer(KNeighborsRegressor(2), **FEW, skip_complete=True), data="missing"),
    Case(IterativeImputer(make_pipeline(StandardScaler(), Ridge()), **FEW), data="missing"),
    Case(IterativeImputer(missing_values=-1, max_iter=2), data="marked"),
    Case(IterativeImputer(max_iter=0, initial_strategy="constant", fill_value=2.5), data="missing"),
    Case(make_pipeline(IterativeImputer(), StandardScaler(), LogisticRegression()), data="missing"),
    Case(
        IterativeImputer(sample_posterior=True, max_iter=2),
        data="missing",
        refused="at random",
        reason="native's answer is another each time",
    ),
]
