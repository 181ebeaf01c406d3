"""Rows for Spark's naive Bayes."""

from pyspark.ml.classification import NaiveBayes

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(NaiveBayes), data="counts"),
    Case(lazy(NaiveBayes, smoothing=0.3, thresholds=[0.2, 0.7, 0.4]), data="counts"),
    Case(lazy(NaiveBayes, modelType="complement"), data="counts"),
    Case(lazy(NaiveBayes, modelType="complement", thresholds=[0.2, 0.7, 0.4]), data="counts"),
    Case(lazy(NaiveBayes, modelType="bernoulli"), data="flags"),
    Case(lazy(NaiveBayes, modelType="bernoulli", thresholds=[0.2, 0.7, 0.0]), data="flags"),
    Case(lazy(NaiveBayes, modelType="gaussian")),
    Case(lazy(NaiveBayes, modelType="gaussian", thresholds=[0.2, 0.7, 0.4])),
]
