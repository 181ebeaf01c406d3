"""Isotonic regression. Formula: IsotonicRegressionModel.predict in org/apache/spark/mllib/regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import kinds
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.predicting import Predictions
from onnxpipe.blocks import elementwise, quantiles
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import const, op, take_columns
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _edges(stage: Stage) -> Mapping[int, Any]:
    """The boundaries, in the element that counts."""
    return {int(stage.featureIndex): np.asarray(stage.boundaries)}


@converts(
    "pyspark.ml.regression.IsotonicRegressionModel",
    columns=lambda stage: (kinds.NUMBER_OR_VECTOR,),
    edges=_edges,
)
def isotonic_regression(stage: Stage, column: Column) -> Predictions:
    """The line through the boundaries' predictions; beyond them the outermost, for NaN the last.

    Of boundaries that are equal the search may find any; models fitted by Spark 3.2 and later have none.
    """
    x = numbers(column)
    x = take_columns(x, [int(stage.featureIndex)]) if column.vector else x
    knots, heights = np.asarray(stage.boundaries), np.asarray(stage.predictions)
    inside = elementwise.limited(x, knots[0], knots[-1])
    known = op.where(op.isnan(inside), const(knots[-1]), inside)
    return {"predictionCol": quantiles.at_knots(known, [knots], [heights])}
