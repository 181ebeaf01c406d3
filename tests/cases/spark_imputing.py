"""Rows for Spark's Imputer."""

from pyspark.ml.feature import Imputer

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(Imputer, inputCol="width"), data="frame"),
    Case(lazy(Imputer, inputCols=["length", "width"], outputCols=["a", "b"], strategy="median")),
    Case(lazy(Imputer, inputCols=["count", "height"], outputCols=["a", "b"], missingValue=2.0)),
]
