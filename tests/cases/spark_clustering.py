"""Rows for Spark's clusterings."""

from pyspark.ml import Pipeline
from pyspark.ml.clustering import LDA, BisectingKMeans, GaussianMixture, KMeans
from pyspark.ml.feature import StandardScaler

from tests.harness import Case
from tests.rigs.spark import lazy

# Columns that don't vary become 0, which makes the covariances singular.
FLAT = [
    lazy(StandardScaler, inputCol="features", outputCol="scaled"),
    lazy(GaussianMixture, featuresCol="scaled", k=2, seed=0, maxIter=5),
]

CASES = [
    Case(lazy(KMeans, k=3, seed=0, maxIter=3)),
    Case(lazy(KMeans, k=12, seed=0, maxIter=2, predictionCol="cluster"), data="counts"),
    Case(lazy(KMeans, k=3, seed=0, maxIter=3, distanceMeasure="cosine"), data="occupied"),
    Case(lazy(BisectingKMeans, k=4, seed=0, maxIter=3)),
    Case(lazy(BisectingKMeans, k=3, seed=0, maxIter=3, distanceMeasure="cosine"), data="occupied"),
    Case(lazy(BisectingKMeans, k=2, seed=0, minDivisibleClusterSize=1e4)),
    Case(lazy(GaussianMixture, k=3, seed=0, maxIter=5)),
    Case(lazy(GaussianMixture, k=2, seed=0, maxIter=5, probabilityCol="")),
    Case(lazy(Pipeline, stages=FLAT), data="constant"),
    Case(lazy(LDA, k=3, maxIter=3, seed=1), data="counts"),
    Case(
        lazy(LDA, k=2, maxIter=2, docConcentration=[0.3, 2.0], topicDistributionCol="topics"), data="occupied"
    ),
    Case(
        lazy(LDA, k=2, maxIter=2, optimizer="em"),
        data="counts",
        refused="answers otherwise every time",
        reason="no seed decides its random numbers",
    ),
]
