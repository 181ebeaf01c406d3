"""Rows for gradient boosting."""

from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.harness import Case

SINGLE = {"rtol": 1e-5, "reason": "trees cast to float32 first, so the init model computes in float32"}
FEW = {"n_estimators": 8, "max_depth": 2, "random_state": 0}

CASES = [
    Case(GradientBoostingRegressor(**FEW)),
    Case(GradientBoostingRegressor(**FEW, loss="absolute_error", learning_rate=0.3)),
    Case(GradientBoostingRegressor(**FEW, loss="huber", subsample=0.5)),
    Case(GradientBoostingRegressor(**FEW, loss="quantile", alpha=0.8)),
    Case(GradientBoostingRegressor(**FEW, init="zero")),
    Case(GradientBoostingRegressor(**FEW, init=LinearRegression()), **SINGLE),
    Case(GradientBoostingRegressor(**FEW, init=DummyRegressor(strategy="constant", constant=3))),
    Case(GradientBoostingRegressor(**FEW, n_iter_no_change=1, tol=0.5)),
    Case(GradientBoostingClassifier(**FEW)),
    Case(GradientBoostingClassifier(**FEW), data="labels"),
    Case(GradientBoostingClassifier(**FEW, init="zero"), data="odd_classes"),
    Case(GradientBoostingClassifier(**FEW, init=LogisticRegression()), **SINGLE),
    Case(GradientBoostingClassifier(**FEW), data="binary_labels"),
    Case(GradientBoostingClassifier(**FEW, init="zero"), data="binary"),
    Case(GradientBoostingClassifier(**FEW, init=DummyClassifier(strategy="prior")), data="binary"),
    Case(GradientBoostingClassifier(**FEW, init=LogisticRegression(C=0.001)), data="binary", **SINGLE),
    Case(GradientBoostingClassifier(**FEW, loss="exponential"), data="binary"),
]
