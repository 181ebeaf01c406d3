"""Rows for Spark's text to indices, and indices to indicators."""

from pyspark.ml.feature import OneHotEncoder, StringIndexer

from tests.harness import Case
from tests.rigs.spark import lazy

WORDS = {"inputCols": ["city", "size"], "outputCols": ["c", "s"]}
NUMBERS = {"inputCols": ["code", "count"], "outputCols": ["a", "b"]}
INDICES = {"inputCols": ["index", "count"], "outputCols": ["a", "b"]}

CASES = [
    Case(lazy(StringIndexer, inputCol="city"), data="frame"),
    Case(lazy(StringIndexer, inputCol="city", handleInvalid="keep"), data="gaps"),
    Case(lazy(StringIndexer, inputCol="city", handleInvalid="skip"), data="frame"),
    Case(lazy(StringIndexer, inputCol="size", stringOrderType="alphabetDesc"), data="frame"),
    Case(lazy(StringIndexer, **WORDS)),
    Case(lazy(StringIndexer, **WORDS, handleInvalid="keep")),
    Case(lazy(StringIndexer, **NUMBERS)),
    Case(lazy(StringIndexer, **NUMBERS, handleInvalid="keep")),
    Case(lazy(OneHotEncoder, inputCol="index"), data="frame"),
    Case(lazy(OneHotEncoder, inputCol="index", dropLast=False), data="frame"),
    Case(lazy(OneHotEncoder, inputCol="index", handleInvalid="keep"), data="frame"),
    Case(lazy(OneHotEncoder, **INDICES, handleInvalid="keep", dropLast=False)),
    Case(lazy(OneHotEncoder, **INDICES)),
]
