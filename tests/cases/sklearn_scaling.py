"""Rows for the scalers."""

from sklearn.preprocessing import StandardScaler

from tests.harness import Case

CASES = [
    Case(StandardScaler()),
    Case(StandardScaler(with_mean=False)),
    Case(StandardScaler(with_std=False)),
    Case(StandardScaler(), data="missing"),
]
