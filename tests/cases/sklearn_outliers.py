"""Rows for outliers by density."""

from sklearn.neighbors import LocalOutlierFactor

from tests.harness import Case

CASES = [
    Case(LocalOutlierFactor(novelty=True)),
    Case(LocalOutlierFactor(5, novelty=True, contamination=0.1, algorithm="brute", p=1)),
    Case(LocalOutlierFactor(5, novelty=True, metric="chebyshev")),
    Case(LocalOutlierFactor(5, novelty=True), data="single"),
    Case(LocalOutlierFactor(5, novelty=True, contamination=0.2), data="single"),
    Case(LocalOutlierFactor(), refused="novelty=True", reason="native has no answer for new rows either"),
]
