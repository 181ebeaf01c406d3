"""Rows for outliers by covariance."""

from sklearn.covariance import EllipticEnvelope

from tests.harness import Case

CASES = [
    Case(EllipticEnvelope(random_state=0)),
    Case(EllipticEnvelope(store_precision=False, random_state=0)),
    Case(EllipticEnvelope(assume_centered=True, contamination=0.2, random_state=0)),
]
