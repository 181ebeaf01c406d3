"""Rows for Spark's trees, forests and boosted trees."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import DecisionTreeClassifier, GBTClassifier, RandomForestClassifier
from pyspark.ml.feature import StringIndexer, VectorAssembler
from pyspark.ml.regression import DecisionTreeRegressor, GBTRegressor, RandomForestRegressor

from tests.harness import Case
from tests.rigs.spark import lazy

TEXT_AND_FOREST = [
    lazy(StringIndexer, inputCols=["city", "size"], outputCols=["ci", "si"], handleInvalid="keep"),
    lazy(VectorAssembler, inputCols=["ci", "length", "si", "count"], outputCol="features"),
    lazy(RandomForestClassifier, numTrees=8, maxDepth=4, seed=0),
]
UNNAMED = {"rawPredictionCol": "", "probabilityCol": ""}

CASES = [
    Case(lazy(DecisionTreeClassifier, leafCol="leaf")),
    Case(lazy(DecisionTreeClassifier, leafCol="leaf", maxDepth=3), data="nominal"),
    Case(lazy(DecisionTreeClassifier, maxDepth=2, thresholds=[0.2, 0.9, 0.5])),
    Case(lazy(DecisionTreeClassifier, maxDepth=2, thresholds=[0.2, 0.9, 0.5], rawPredictionCol="")),
    Case(lazy(DecisionTreeClassifier, maxDepth=2, thresholds=[0.2, 0.9, 0.5], **UNNAMED)),
    Case(lazy(DecisionTreeClassifier, maxDepth=0, leafCol="leaf"), data="binary"),
    Case(lazy(RandomForestClassifier, numTrees=9, leafCol="leaf", seed=0)),
    Case(lazy(RandomForestClassifier, numTrees=9, leafCol="leaf", seed=0, maxDepth=4), data="nominal"),
    Case(lazy(RandomForestClassifier, numTrees=20, maxDepth=2, seed=0), data="binary"),
    Case(lazy(RandomForestClassifier, numTrees=1, seed=0), data="binary"),
    Case(lazy(RandomForestClassifier, numTrees=4, thresholds=[0.3, 0.0, 0.6], seed=0)),
    Case(lazy(RandomForestClassifier, numTrees=4, thresholds=[0.9, 0.5, 0.6], seed=0, **UNNAMED)),
    Case(lazy(Pipeline, stages=TEXT_AND_FOREST), data="frame"),
    Case(lazy(GBTClassifier, maxIter=6, leafCol="leaf", seed=0), data="binary"),
    Case(lazy(GBTClassifier, maxIter=4, thresholds=[0.9, 0.2], seed=0), data="binary"),
    Case(lazy(GBTClassifier, maxIter=4, stepSize=0.5, seed=0, **UNNAMED), data="binary"),
    Case(lazy(DecisionTreeRegressor, varianceCol="variance", leafCol="leaf")),
    Case(lazy(DecisionTreeRegressor, varianceCol="variance", leafCol="leaf"), data="nominal"),
    Case(lazy(RandomForestRegressor, numTrees=7, leafCol="leaf", seed=0)),
    Case(lazy(RandomForestRegressor, numTrees=5, seed=0), data="nominal"),
    Case(lazy(GBTRegressor, maxIter=6, leafCol="leaf", seed=0)),
    Case(lazy(GBTRegressor, maxIter=4, lossType="absolute", stepSize=0.3, maxDepth=3, seed=0)),
]
