"""Rows for what Spark picks out of vectors, and for vectors of a known length."""

from pyspark.ml import Pipeline
from pyspark.ml.feature import (
    ChiSqSelector,
    UnivariateFeatureSelector,
    VarianceThresholdSelector,
    VectorAssembler,
    VectorSizeHint,
    VectorSlicer,
)

from tests.harness import Case
from tests.rigs.spark import lazy

KINDS = {"featureType": "continuous", "labelType": "categorical"}


def hinted(how: str) -> object:
    """A pipeline in which a hint tells how long the vectors are."""
    return lazy(
        Pipeline,
        stages=[
            lazy(VectorSizeHint, inputCol="pair", size=2, handleInvalid=how),
            lazy(VectorAssembler, inputCols=["pair", "length"], outputCol="out", handleInvalid="keep"),
        ],
    )


CASES = [
    Case(lazy(VectorSlicer, indices=[2, 0])),
    Case(lazy(VectorSlicer, indices=[3])),
    Case(
        lazy(VectorSlicer, indices=[0], names=["a"]),
        refused="by name",
        reason="saved models don't hold the names of a vector's elements",
    ),
    Case(lazy(ChiSqSelector, numTopFeatures=2), data="counts"),
    Case(lazy(ChiSqSelector, selectorType="fpr", fpr=0.3), data="counts"),
    Case(lazy(UnivariateFeatureSelector, **KINDS, selectionMode="percentile")),
    Case(lazy(UnivariateFeatureSelector, featureType="categorical", labelType="categorical"), data="counts"),
    Case(lazy(VarianceThresholdSelector, varianceThreshold=1e-9), data="constant"),
    Case(hinted("error"), data="frame"),
    Case(hinted("skip"), data="frame"),
    Case(hinted("optimistic"), data="frame"),
]
