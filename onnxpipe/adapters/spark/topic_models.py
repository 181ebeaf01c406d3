"""Latent Dirichlet allocation.

Formulas: LDAModel.transform in org/apache/spark/ml/clustering/LDA.scala and
OnlineLDAOptimizer.variationalTopicInference in mllib/clustering/LDAOptimizer.scala.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.spark import kinds, long_vectors
from onnxpipe.adapters.spark.columns import numbers
from onnxpipe.adapters.spark.gamma_draws import gammas
from onnxpipe.adapters.spark.predicting import Predictions
from onnxpipe.blocks import numeric
from onnxpipe.blocks.factors import topics
from onnxpipe.blocks.special import climbed_digamma, digamma
from onnxpipe.core.frame import Column
from onnxpipe.core.ops import const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.wild import below

Array = NDArray[Any]

_STOP = topics.Stop(limit=10_000, change=1e-3)
"""Spark goes on for as long as it takes, which for word counts is some dozens of rounds."""
_SEED = 1421925485
"""The hash of the class's name: LocalLDAModel starts from it before it learns its own seed."""


@converts(
    "pyspark.ml.clustering.LocalLDAModel",
    columns=lambda stage: (kinds.vector(len(stage.topicsMatrix)),),
    wild=below(0.0),  # on rows with negative counts, Spark's inference may never end
)
def local_lda(stage: Stage, x: Column) -> Predictions:
    """The share of each topic in a document ``[N, k]``, all 0 for one without words.

    Every document's inference starts from the same random numbers, whatever seed the model was given.
    """
    of_topics = stage.topicsMatrix.T
    words = np.exp(_climbed(of_topics) - _climbed(of_topics.sum(axis=1, keepdims=True)))
    start = topics.Start(
        gammas(_SEED, float(stage.gammaShape), len(words)), least=1e-100, digamma=climbed_digamma
    )
    counts = x.terms or numbers(x)
    found = topics.distribution(counts, words, stage.data["docConcentration"][0], _STOP, start)
    shares = op.div(found, op.reduce_l1(found, const([1])))
    there = op.not_(op.equal(long_vectors.elements(x), const(0.0)))
    empty = op.unsqueeze(numeric.none_of(there), const([1]))
    return {"topicDistributionCol": op.where(empty, const(0.0), shares)}


def _climbed(x: Array) -> Array:
    """``special.climbed_digamma`` of fitted numbers."""
    top = np.where(x < 49, x + np.ceil(49 - x), x)
    return np.where(x <= 1e-5, -np.euler_gamma - 1 / x, digamma(x) - top**-4.0 / 60 + top**-6.0 / 126)
