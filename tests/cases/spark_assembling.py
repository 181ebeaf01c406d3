"""Rows for Spark's columns put together to vectors."""

from pyspark.ml.feature import VectorAssembler

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(VectorAssembler, inputCols=["length", "count", "flag", "pair"])),
    Case(lazy(VectorAssembler, inputCols=["height", "count", "width"], handleInvalid="keep")),
    Case(lazy(VectorAssembler, inputCols=["length", "count"], handleInvalid="skip")),
]
