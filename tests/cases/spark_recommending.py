"""Rows for Spark's recommendations."""

from pyspark.ml.recommendation import ALS

from tests.harness import Case
from tests.rigs.spark import lazy

SMALL = {"rank": 3, "maxIter": 2, "numUserBlocks": 1, "numItemBlocks": 1, "seed": 0}

WHOLE = {"skip": ("float32",), "reason": "its columns are whole numbers either way"}

CASES = [
    Case(lazy(ALS, **SMALL), data="ratings", **WHOLE),
    Case(lazy(ALS, **SMALL, coldStartStrategy="drop", predictionCol="liking"), data="ratings", **WHOLE),
    Case(lazy(ALS, **SMALL, userCol="account", implicitPrefs=True), data="ratings"),
]
