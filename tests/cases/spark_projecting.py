"""Rows for Spark's projections and hashes of vectors."""

from pyspark.ml import Pipeline
from pyspark.ml.feature import DCT, PCA, BucketedRandomProjectionLSH, MinHashLSH, VectorAssembler

from tests.harness import Case
from tests.rigs.spark import lazy

TRIPLE = lazy(VectorAssembler, inputCols=["length", "height", "count"], outputCol="three")
SUMS = {"finite": True, "reason": "whether Spark's fast transform subtracts infinities depends on the length"}

CASES = [
    Case(lazy(PCA, k=3)),
    Case(lazy(PCA, k=1)),
    Case(lazy(DCT), **SUMS),
    Case(lazy(DCT, inverse=True), **SUMS),
    Case(lazy(DCT), data="occupied", **SUMS),
    Case(lazy(Pipeline, stages=[TRIPLE, lazy(DCT, inputCol="three", outputCol="out")]), data="frame", **SUMS),
    Case(lazy(BucketedRandomProjectionLSH, bucketLength=0.7, numHashTables=3, seed=1)),
    Case(lazy(BucketedRandomProjectionLSH, bucketLength=2.0, seed=2)),
    Case(lazy(MinHashLSH, numHashTables=5, seed=1), data="positive"),
    Case(lazy(MinHashLSH, seed=2), data="occupied"),
]
