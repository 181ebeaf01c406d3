"""Rows for Spark's scalers."""

from pyspark.ml.feature import StandardScaler

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(StandardScaler)),
    Case(lazy(StandardScaler, withMean=True)),
    Case(lazy(StandardScaler, withMean=True, withStd=False)),
    Case(lazy(StandardScaler, withStd=False)),
    Case(lazy(StandardScaler, withMean=True), data="constant"),
]
