"""Rows for the estimators that don't look at their rows."""

from sklearn.dummy import DummyClassifier, DummyRegressor

from tests.harness import Case

CASES = [
    Case(DummyClassifier()),
    Case(DummyClassifier(strategy="most_frequent"), data="labels"),
    Case(DummyClassifier(strategy="constant", constant=1)),
    Case(DummyClassifier(), data="odd_classes"),
    Case(DummyClassifier(strategy="uniform"), refused="at random", reason="native answers at random"),
    Case(DummyRegressor()),
    Case(DummyRegressor(strategy="quantile", quantile=0.2), data="missing_regression"),
    Case(DummyRegressor(strategy="constant", constant=3)),
    Case(DummyRegressor(strategy="median"), data="targets"),
]
