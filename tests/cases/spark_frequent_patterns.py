"""Rows for Spark's frequent patterns."""

from pyspark.ml.fpm import FPGrowth

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(
        lazy(FPGrowth, minSupport=0.3, minConfidence=0.5),
        data="baskets",
        refused="in the order in which a cluster's shuffle left the rules",
        reason="the order of what is predicted isn't the model's",
    ),
]
