"""Rows for Spark's other classifiers: machines, networks, and one classifier per class."""

from dataclasses import replace

from pyspark.ml.classification import (
    DecisionTreeClassifier,
    FMClassifier,
    GBTClassifier,
    LinearSVC,
    LogisticRegression,
    MultilayerPerceptronClassifier,
    NaiveBayes,
    OneVsRest,
    RandomForestClassifier,
)

from tests.harness import Case
from tests.rigs.spark import lazy

NOISE = {
    "huge": 1e3,
    "reason": "the square of a sum less the sum of squares: of far larger values only their rounding is left",
}


def one_vs_rest(stage: type, **parameters: object) -> Case:
    """A case of one such classifier per class. pyspark saves no name of the scores but the usual one."""
    return Case(lazy(OneVsRest, classifier=lazy(stage, **parameters), predictionCol="class"))


CASES = [
    Case(lazy(LinearSVC, maxIter=10), data="binary"),
    Case(lazy(LinearSVC, maxIter=10, threshold=-0.4, fitIntercept=False), data="binary"),
    Case(lazy(LinearSVC, maxIter=10, threshold=0.7, standardization=False), data="binary"),
    Case(lazy(MultilayerPerceptronClassifier, layers=[4, 5, 3], maxIter=20, seed=0)),
    Case(lazy(MultilayerPerceptronClassifier, layers=[4, 3], maxIter=5, seed=0)),
    Case(lazy(MultilayerPerceptronClassifier, layers=[4, 6, 5, 2], maxIter=20, seed=0), data="binary"),
    Case(
        lazy(MultilayerPerceptronClassifier, layers=[4, 5, 3], maxIter=5, thresholds=[0.2, 0.7, 0.4], seed=0)
    ),
    Case(lazy(FMClassifier, factorSize=3, maxIter=20, stepSize=0.1, seed=0), data="binary", **NOISE),
    Case(
        lazy(FMClassifier, maxIter=5, stepSize=0.1, fitLinear=False, thresholds=[0.9, 0.2], seed=0),
        data="binary",
        **NOISE,
    ),
    Case(
        lazy(FMClassifier, factorSize=2, maxIter=5, stepSize=0.1, fitIntercept=False, seed=0),
        data="binary",
        **NOISE,
    ),
    Case(lazy(OneVsRest, classifier=lazy(LogisticRegression, maxIter=5))),
    one_vs_rest(LinearSVC, maxIter=5),
    one_vs_rest(DecisionTreeClassifier, maxDepth=3),
    one_vs_rest(RandomForestClassifier, maxDepth=3, numTrees=3, seed=0),
    one_vs_rest(GBTClassifier, maxIter=2, seed=0),
    one_vs_rest(NaiveBayes, modelType="gaussian"),
    replace(one_vs_rest(FMClassifier, factorSize=2, maxIter=3, stepSize=0.1, seed=0), **NOISE),
    one_vs_rest(MultilayerPerceptronClassifier, layers=[4, 3, 2], maxIter=5, seed=0),
]
