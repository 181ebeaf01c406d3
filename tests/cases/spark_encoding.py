"""Rows for what Spark makes of indices, and for categories inside vectors."""

from pyspark.ml import Pipeline
from pyspark.ml.feature import IndexToString, StringIndexer, TargetEncoder, VectorIndexer

from tests.harness import Case
from tests.rigs.spark import Lazy, lazy

THERE = lazy(StringIndexer, inputCol="city", outputCol="i")
KEPT = lazy(StringIndexer, inputCol="city", outputCol="i", handleInvalid="keep")
BACK = lazy(IndexToString, inputCol="i", outputCol="out")
TWO = {"inputCols": ["index", "count"], "outputCols": ["a", "b"]}

CASES = [
    Case(lazy(IndexToString, inputCol="index", labels=["x", "y", "z"]), data="frame"),
    Case(lazy(Pipeline, stages=[THERE, BACK]), data="frame"),
    Case(lazy(Pipeline, stages=[KEPT, BACK]), data="frame"),
    Case(lazy(VectorIndexer, maxCategories=3), data="constant"),
    Case(lazy(VectorIndexer, maxCategories=50), data="counts"),
    Case(lazy(VectorIndexer, maxCategories=50, handleInvalid="keep"), data="counts"),
    Case(lazy(VectorIndexer, maxCategories=4, handleInvalid="skip"), data="counts"),
    Case(lazy(VectorIndexer, maxCategories=2), data="vectors"),
    Case(lazy(TargetEncoder, inputCol="index"), data="frame"),
    Case(Lazy(TargetEncoder, {"inputCols": ["index", "count"], "handleInvalid": "keep"})),
    Case(lazy(TargetEncoder, **TWO, smoothing=3.5, handleInvalid="keep")),
    Case(lazy(TargetEncoder, **TWO, targetType="continuous", labelCol="height", handleInvalid="keep")),
    Case(lazy(TargetEncoder, **TWO, targetType="continuous", labelCol="height", smoothing=1.0)),
]
