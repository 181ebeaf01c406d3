"""Rows for Spark's scalers."""

from pyspark.ml.feature import (
    ElementwiseProduct,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from pyspark.ml.linalg import Vectors

from tests.harness import Case
from tests.rigs.spark import lazy

CASES = [
    Case(lazy(StandardScaler)),
    Case(lazy(StandardScaler, withMean=True)),
    Case(lazy(StandardScaler, withMean=True, withStd=False)),
    Case(lazy(StandardScaler, withStd=False)),
    Case(lazy(StandardScaler, withMean=True), data="constant"),
    Case(lazy(MinMaxScaler)),
    Case(lazy(MinMaxScaler, min=-1.0, max=3.0)),
    Case(lazy(MinMaxScaler, min=-1.0, max=3.0), data="constant"),
    Case(lazy(MaxAbsScaler)),
    Case(lazy(MaxAbsScaler), data="constant"),
    Case(lazy(RobustScaler)),
    Case(lazy(RobustScaler, withCentering=True, lower=0.1, upper=0.8)),
    Case(lazy(RobustScaler, withCentering=True, withScaling=False)),
    Case(lazy(RobustScaler, withCentering=True), data="constant"),
    Case(lazy(Normalizer)),
    Case(lazy(Normalizer, p=1.0)),
    Case(lazy(Normalizer, p=float("inf"))),
    Case(lazy(Normalizer, p=3.5)),
    Case(lazy(Normalizer), data="blanks"),
    Case(lazy(ElementwiseProduct, scalingVec=Vectors.dense(0.0, 2.0, -1.5, 1e-3))),
]
