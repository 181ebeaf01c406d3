"""Multilayer perceptrons. Formulas: org/apache/spark/ml/ann/Layer.scala."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.predicting import Predictions, classified
from onnxpipe.blocks import linear
from onnxpipe.core.frame import Column
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]


def _as_fitted(stage: Stage) -> Sequence[str]:
    return (kinds.vector(int(stage.layers[0])),)


@converts("pyspark.ml.classification.MultilayerPerceptronClassificationModel", columns=_as_fitted)
def perceptron(stage: Stage, x: Column) -> Predictions:
    """Hidden layers are logistic; raw scores are the last layer's before its softmax."""
    first, *rest = _layers(stage.layers, stage.weights)
    score = long_vectors.affine(x, *first)
    for weights, bias in rest:
        score = linear.affine(linear.expit(score), weights, bias)
    return classified(stage, score, linear.softmax)


def _layers(sizes: Sequence[int], flat: Array) -> Iterator[tuple[Array, Array]]:
    """The weights ``[out, in]`` and biases ``[out]`` of each layer, from all of them in one vector.

    Raises ValueError where the vector is of another length. Each layer's weights lie there column by
    column, its biases behind them.
    """
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    ends = np.cumsum([rows * (columns + 1) for rows, columns in shapes])
    if len(flat) != ends[-1]:
        raise ValueError(f"{len(flat)} weights for {ends[-1]} connections")
    for (rows, columns), held in zip(shapes, np.split(flat, ends[:-1]), strict=True):
        yield held[: rows * columns].reshape(columns, rows).T, held[rows * columns :]
