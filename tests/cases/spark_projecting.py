"""Rows for Spark's projections and hashes of vectors."""

from pyspark.ml.feature import PCA, BucketedRandomProjectionLSH, MinHashLSH

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(PCA, k=3)),
    Case(lazy(PCA, k=1)),
    Case(lazy(BucketedRandomProjectionLSH, bucketLength=0.7, numHashTables=3, seed=1)),
    Case(lazy(BucketedRandomProjectionLSH, bucketLength=2.0, seed=2)),
    Case(lazy(MinHashLSH, numHashTables=5, seed=1), data="positive"),
    Case(lazy(MinHashLSH, seed=2), data="occupied"),
]
