"""Rows for searches over parameters."""

from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.harness import Case

DEPTHS = {"max_depth": [2, 3]}
TREE = DecisionTreeClassifier(random_state=0)


def nothing(estimator, x, y=None):
    return 0.0


CASES = [
    Case(GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {}, cv=2), data="labels"),
    Case(GridSearchCV(TREE, DEPTHS, cv=2, scoring="f1_macro"), data="missing"),
    Case(
        GridSearchCV(make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), {}, cv=2),
        data="full_words",
    ),
    Case(GridSearchCV(make_pipeline(StandardScaler(), TREE), {}, cv=2), data="number_frame"),
    Case(GridSearchCV(StandardScaler(), {"with_mean": [True]}, cv=2, scoring=nothing), data="numeric"),
    Case(
        GridSearchCV(Ridge(), {"alpha": [1]}, cv=2, refit=False),
        data="regression",
        methods=("predict",),
        refused="refit=False",
        reason="native keeps no estimator and can't answer either",
    ),
    Case(RandomizedSearchCV(Ridge(), {"alpha": [1.0, 5.0]}, n_iter=2, cv=2, random_state=0), data="targets"),
    Case(HalvingGridSearchCV(TREE, DEPTHS, cv=2, random_state=0), data="classes"),
    Case(
        HalvingRandomSearchCV(TREE, DEPTHS, cv=2, n_candidates=2, random_state=0),
        data="binary_labels",
    ),
]
