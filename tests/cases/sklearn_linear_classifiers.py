"""Rows for the linear classifiers."""

from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

from tests.harness import Case

CASES = [
    Case(LogisticRegressionCV(Cs=2, cv=2)),
    Case(LogisticRegression()),
    Case(LogisticRegression(), data="binary"),
    Case(LogisticRegression(), data="labels"),
    Case(LogisticRegression(), data="binary_labels"),
    Case(LogisticRegression(fit_intercept=False, C=0.1), data="binary"),
]
