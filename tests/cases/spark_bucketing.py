"""Rows for Spark's bins and thresholds."""

from pyspark.ml import Pipeline
from pyspark.ml.feature import Binarizer, Bucketizer, QuantileDiscretizer, VectorAssembler

from tests.harness import Case
from tests.rigs.spark import lazy

INFINITY = float("inf")
OPEN, CLOSED = [-INFINITY, -1.0, 0.0, 0.1, 2.0, INFINITY], [-1e6, 0.0, 1.5, 1e6]
TWO = {"inputCols": ["length", "height"], "outputCols": ["a", "b"]}
DOUBLES = {"skip": ("float32",), "reason": "Spark's Binarizer takes doubles and vectors only"}

CASES = [
    Case(lazy(Binarizer, threshold=0.3)),
    Case(lazy(Binarizer, threshold=-0.3)),
    Case(lazy(Binarizer, inputCol="height", threshold=-0.3), data="frame", **DOUBLES),
    Case(lazy(Binarizer, **TWO, threshold=0.5), **DOUBLES),
    Case(
        lazy(Binarizer, inputCols=["length", "pair"], outputCols=["a", "b"], thresholds=[5.0, -0.5]),
        **DOUBLES,
    ),
    Case(lazy(Bucketizer, inputCol="height", splits=OPEN), data="frame"),
    Case(lazy(Bucketizer, inputCol="height", splits=OPEN, handleInvalid="keep"), data="frame"),
    Case(lazy(Bucketizer, inputCol="height", splits=CLOSED), data="frame"),
    Case(lazy(Bucketizer, inputCol="height", splits=CLOSED, handleInvalid="keep"), data="frame"),
    Case(lazy(Bucketizer, inputCol="height", splits=CLOSED, handleInvalid="skip"), data="frame"),
    Case(lazy(Bucketizer, inputCol="count", splits=[-5.0, 0.0, 2.0, 1e6]), data="frame"),
    Case(lazy(Bucketizer, inputCol="code", splits=[0.0, 0.5, 1.5]), data="frame"),
    Case(lazy(Bucketizer, **TWO, splitsArray=[CLOSED, OPEN])),
    Case(lazy(Bucketizer, **TWO, splitsArray=[OPEN, CLOSED], handleInvalid="keep")),
    Case(lazy(QuantileDiscretizer, inputCol="height", numBuckets=5, handleInvalid="keep"), data="frame"),
    Case(lazy(QuantileDiscretizer, **TWO, numBucketsArray=[3, 4])),
    Case(
        lazy(
            Pipeline,
            stages=[
                lazy(VectorAssembler, inputCols=["length", "height"], outputCol="both"),
                lazy(Binarizer, inputCol="both", outputCol="out", threshold=1.0),
            ],
        ),
        data="frame",
    ),
]
