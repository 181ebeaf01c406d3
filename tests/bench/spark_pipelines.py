"""Pipelines of Spark's and rows for them, as the benchmarks on Spark measure them."""

from __future__ import annotations

from typing import Any

WIDTH = 8
CITIES, PLANS = 50, 5
"""Distinct texts in each of two columns."""
NAMES = [f"x{i}" for i in range(WIDTH)]


def table(spark: Any, count: int) -> Any:
    """Normally distributed columns and two of texts, made where they are used."""
    from pyspark.sql import functions as F

    def texts(word: str, distinct: int, seed: int) -> Any:
        return F.concat(F.lit(word), F.floor(F.rand(seed) * distinct).cast("string"))

    numbers = [F.randn(seed=i).alias(name) for i, name in enumerate(NAMES)]
    return spark.range(count).select(
        *numbers, texts("city ", CITIES, 8).alias("city"), texts("plan ", PLANS, 9).alias("plan")
    )


def fitted(spark: Any, name: str) -> Any:
    """One of ``STAGES`` as a pipeline, fitted to 20,000 rows."""
    from pyspark.ml import Pipeline

    rows = table(spark, 20_000).selectExpr("*", "double(x0 + x1 * x2 + length(city) > 6.5) as label")
    return Pipeline(stages=STAGES[name]()).fit(rows)


def forest() -> list[Any]:
    """A scaler and a forest of 20 trees of depth 5."""
    from pyspark.ml.classification import RandomForestClassifier

    return [*_scaled(NAMES), RandomForestClassifier(numTrees=20, maxDepth=5, seed=0)]


def boosted() -> list[Any]:
    """A scaler and 20 boosted trees of depth 5."""
    from pyspark.ml.classification import GBTClassifier

    return [*_scaled(NAMES), GBTClassifier(maxIter=20, maxDepth=5, seed=0)]


def textbook() -> list[Any]:
    """Texts to indices and on to places, beside scaled numbers, in a logistic regression."""
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import OneHotEncoder, StringIndexer

    return [
        StringIndexer(inputCols=["city", "plan"], outputCols=["c", "p"], handleInvalid="keep"),
        OneHotEncoder(inputCols=["c", "p"], outputCols=["city_at", "plan_at"]),
        *_scaled([*NAMES, "city_at", "plan_at"]),
        LogisticRegression(maxIter=10),
    ]


def linear() -> list[Any]:
    """A linear regression: hardly any work per row."""
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression

    return [VectorAssembler(inputCols=NAMES, outputCol="features"), LinearRegression(maxIter=5)]


def _scaled(columns: list[str]) -> list[Any]:
    from pyspark.ml.feature import StandardScaler, VectorAssembler

    return [
        VectorAssembler(inputCols=columns, outputCol="raw"),
        StandardScaler(inputCol="raw", outputCol="features", withMean=True),
    ]


STAGES = {
    "forest of 20 trees": forest,
    "20 boosted trees": boosted,
    "indexed texts, logistic regression": textbook,
    "linear regression": linear,
}
