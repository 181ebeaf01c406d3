"""Rows for Spark's linear classifiers, and for pipelines and tuned models around them."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.feature import Imputer, OneHotEncoder, StandardScaler, StringIndexer, VectorAssembler
from pyspark.ml.tuning import CrossValidator, TrainValidationSplit

from tests.harness import Case
from tests.rigs.spark import lazy

TEXTBOOK = [
    lazy(StringIndexer, inputCol="answer", outputCol="y"),
    lazy(StringIndexer, inputCols=["city", "size"], outputCols=["ci", "si"], handleInvalid="keep"),
    lazy(OneHotEncoder, inputCols=["ci", "si"], outputCols=["cv", "sv"]),
    lazy(Imputer, inputCols=["width"], outputCols=["filled"]),
    lazy(VectorAssembler, inputCols=["length", "filled", "count", "cv", "sv"], outputCol="raw"),
    lazy(StandardScaler, inputCol="raw", outputCol="features"),
    lazy(LogisticRegression, labelCol="y", maxIter=20),
]

SEARCH = {
    "estimator": lazy(LogisticRegression, maxIter=5),
    "estimatorParamMaps": [{}],
    "evaluator": lazy(MulticlassClassificationEvaluator),
    "seed": 0,
}

CASES = [
    Case(lazy(LogisticRegression, maxIter=20)),
    Case(lazy(LogisticRegression, maxIter=20), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, family="multinomial"), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, threshold=0.8), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, thresholds=[0.2, 0.8]), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, threshold=0.0), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, threshold=1.0), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, family="multinomial", thresholds=[0.2, 0.8]), data="binary"),
    Case(lazy(LogisticRegression, maxIter=20, thresholds=[0.5, 0.0, 0.3])),
    Case(lazy(LogisticRegression, maxIter=20, fitIntercept=False, probabilityCol="", rawPredictionCol="")),
    Case(lazy(Pipeline, stages=TEXTBOOK), data="frame"),
    Case(lazy(CrossValidator, **SEARCH, numFolds=2), data="binary"),
    Case(lazy(TrainValidationSplit, **SEARCH), data="binary"),
]
