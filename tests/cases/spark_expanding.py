"""Rows for Spark's products of columns and of elements."""

from pyspark.ml import Pipeline
from pyspark.ml.feature import (
    Bucketizer,
    FeatureHasher,
    Interaction,
    PolynomialExpansion,
    RFormula,
    StringIndexer,
    VectorAssembler,
)

from tests.harness import Case
from tests.rigs.spark import lazy

CITY = lazy(StringIndexer, inputCol="city", outputCol="ci", handleInvalid="keep")
SIZE = lazy(StringIndexer, inputCol="size", outputCol="si")
BOTH = lazy(VectorAssembler, inputCols=["length", "si", "height"], outputCol="both", handleInvalid="keep")


def crossed(*names: str) -> object:
    """A pipeline that crosses columns, some of which are indices."""
    return lazy(
        Pipeline, stages=[CITY, SIZE, BOTH, lazy(Interaction, inputCols=list(names), outputCol="out")]
    )


BINS = lazy(Bucketizer, inputCol="code", outputCol="bin", splits=[-1.0, 0.5, 1.0, 9.0])

CASES = [
    Case(lazy(PolynomialExpansion)),
    Case(lazy(PolynomialExpansion, degree=3)),
    Case(lazy(PolynomialExpansion, degree=1)),
    Case(lazy(PolynomialExpansion, degree=4, inputCol="pair"), data="frame"),
    Case(lazy(PolynomialExpansion, degree=3), data="counts"),
    Case(lazy(Interaction, inputCols=["length", "count", "height"])),
    Case(crossed("length", "ci"), data="frame"),
    Case(crossed("ci", "height"), data="frame"),
    Case(crossed("ci", "si", "length"), data="frame"),
    Case(crossed("both", "ci"), data="frame"),
    Case(crossed("height", "both"), data="frame"),
    Case(
        lazy(Pipeline, stages=[BINS, lazy(Interaction, inputCols=["bin", "height"], outputCol="out")]),
        data="frame",
    ),
    Case(lazy(RFormula, formula="label ~ length + height"), data="frame"),
    Case(lazy(RFormula, formula="label ~ city + length", handleInvalid="keep"), data="frame"),
    Case(lazy(RFormula, formula="label ~ city + size + pair - 1", featuresCol="out"), data="frame"),
    Case(lazy(RFormula, formula="label ~ city:size + length:height + size:count"), data="frame"),
    Case(lazy(RFormula, formula="answer ~ (length + size) ^ 2", labelCol="y"), data="frame"),
    Case(lazy(RFormula, formula="label ~ size", stringIndexerOrderType="alphabetAsc"), data="frame"),
    Case(lazy(FeatureHasher, inputCols=["length", "flag", "city"], numFeatures=64)),
    Case(lazy(FeatureHasher, inputCols=["count", "city", "size", "height"], numFeatures=7)),
    Case(lazy(FeatureHasher, inputCols=["count", "flag"], categoricalCols=["count"], numFeatures=100)),
    Case(lazy(FeatureHasher, inputCols=["city"], numFeatures=32), data="gaps"),
    Case(
        lazy(FeatureHasher, inputCols=["code", "city"], categoricalCols=["code"], numFeatures=64),
        refused="hashes the text that Java writes",
        reason="no graph can write a double as Java's Double.toString does",
    ),
]
