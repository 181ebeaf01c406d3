"""Rows for partial least squares."""

from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression

from tests.harness import Case

CASES = [
    Case(PLSRegression()),
    Case(PLSRegression(3, scale=False), data="targets"),
    Case(PLSRegression(), data="targets"),
    Case(PLSCanonical(2), data="targets"),
    Case(CCA(2), data="targets"),
    Case(PLSSVD(2), data="targets"),
    Case(PLSSVD(2, scale=False), data="targets"),
]
