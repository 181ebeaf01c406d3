"""Rows for transformers that make more features of the given ones."""

from sklearn.preprocessing import PolynomialFeatures

from tests.harness import Case

CASES = [
    Case(PolynomialFeatures()),
    Case(PolynomialFeatures(3)),
    Case(PolynomialFeatures(5, order="F")),
    Case(PolynomialFeatures(1)),
    Case(PolynomialFeatures(0)),
    Case(PolynomialFeatures(3, interaction_only=True)),
    Case(PolynomialFeatures(6, interaction_only=True)),
    Case(PolynomialFeatures(2, include_bias=False)),
    Case(PolynomialFeatures((2, 3))),
    Case(PolynomialFeatures((0, 2), include_bias=False)),
    Case(PolynomialFeatures((3, 4), include_bias=False)),
    Case(PolynomialFeatures((2, 3), interaction_only=True)),
    Case(PolynomialFeatures((1, 1), include_bias=False)),
    Case(PolynomialFeatures((0, 0))),
    Case(PolynomialFeatures(), data="whole"),
    Case(PolynomialFeatures(3), data="single"),
]
