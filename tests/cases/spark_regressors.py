"""Rows for Spark's linear, generalised linear, survival, isotonic and factorisation machine regressors."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import (
    AFTSurvivalRegression,
    FMRegressor,
    GeneralizedLinearRegression,
    IsotonicRegression,
    LinearRegression,
)

from tests.cases.spark_classifiers import NOISE
from tests.harness import Case
from tests.rigs.spark import Lazy, lazy

FRAME = lazy(VectorAssembler, inputCols=["length", "height", "count"], outputCol="features")


def glm(family: str, link: str = "", data: str = "lifetimes", **parameters: object) -> Case:
    """A generalised linear regression, by default with its link's predictions too."""
    told = {"link": link, "linkPredictionCol": "score"} if link else {}
    return Case(_glm(family=family, maxIter=5, regParam=0.1, **{**told, **parameters}), data=data)


def _glm(**parameters: object) -> Lazy:
    return lazy(GeneralizedLinearRegression, **parameters)


OFFSET = _glm(family="poisson", offsetCol="width", labelCol="index", linkPredictionCol="score", maxIter=5)

CASES = [
    Case(lazy(LinearRegression)),
    Case(lazy(LinearRegression, fitIntercept=False, regParam=0.3)),
    Case(lazy(LinearRegression, loss="huber", maxIter=20)),
    Case(lazy(LinearRegression, regParam=0.9, elasticNetParam=1.0, maxIter=20)),
    Case(lazy(LinearRegression, regParam=1e6, elasticNetParam=1.0, maxIter=20)),
    Case(lazy(LogisticRegression, regParam=0.15, elasticNetParam=1.0, maxIter=20), data="binary"),
    Case(lazy(LogisticRegression, regParam=0.1, elasticNetParam=1.0, maxIter=20)),
    glm("gaussian", "identity", data="regression"),
    glm("gaussian", "log"),
    glm("gaussian", "inverse"),
    glm("binomial", data="binary"),
    glm("binomial", "logit", data="binary"),
    glm("binomial", "probit", data="binary"),
    glm("binomial", "cloglog", data="binary"),
    glm("poisson"),
    glm("poisson", "identity"),
    glm("poisson", "sqrt", predictionCol=""),
    glm("gamma"),
    glm("gamma", "log"),
    glm("tweedie", variancePower=1.0),
    glm("tweedie", variancePower=1.5),
    glm("tweedie", variancePower=1.5, linkPower=0.0),
    glm("tweedie", variancePower=2.0, linkPower=0.5),
    glm("tweedie", variancePower=2.5, linkPower=-1.0, link="log"),
    glm("tweedie", variancePower=1.3, linkPower=-0.4),
    Case(lazy(Pipeline, stages=[FRAME, OFFSET]), data="complete"),
    Case(lazy(AFTSurvivalRegression), data="lifetimes"),
    Case(lazy(AFTSurvivalRegression, quantilesCol="quantiles", fitIntercept=False), data="lifetimes"),
    Case(
        lazy(AFTSurvivalRegression, quantilesCol="q", quantileProbabilities=[0.5], maxIter=5),
        data="lifetimes",
    ),
    Case(lazy(IsotonicRegression)),
    Case(lazy(IsotonicRegression, featureIndex=1), data="constant"),
    Case(lazy(IsotonicRegression, featureIndex=2, isotonic=False), data="regression"),
    Case(lazy(IsotonicRegression), data="counts"),
    Case(lazy(IsotonicRegression, featuresCol="height"), data="frame", skip=("float32",),
         reason="Spark takes a column of doubles or of vectors"),
    Case(lazy(FMRegressor, factorSize=3, maxIter=10, seed=0), **NOISE),
    Case(lazy(FMRegressor, factorSize=2, maxIter=5, fitLinear=False, fitIntercept=False, seed=0), **NOISE),
]  # fmt: skip
