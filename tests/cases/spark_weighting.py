"""Rows for Spark's weights of terms."""

from pyspark.ml.feature import IDF

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(IDF), data="counts"),
    Case(lazy(IDF, minDocFreq=30), data="counts"),
    Case(lazy(IDF)),
]
