"""Words to vectors: counted by their hash or in a vocabulary, or the mean of their own vectors.

Formulas: HashingTF.scala, CountVectorizer.scala and Word2Vec.scala in org/apache/spark/ml/feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import mod
from typing import Any

import numpy as np

from onnxpipe.adapters.spark import long_vectors
from onnxpipe.adapters.spark.tokenising import words_column, words_of
from onnxpipe.blocks.categorical import Coding, coded
from onnxpipe.blocks.contrib import murmur_hash
from onnxpipe.blocks.hashing.hashes import colliding
from onnxpipe.blocks.language import ragged
from onnxpipe.core.frame import Column, Terms, vector
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_SEED = 42
_SHOWN = 50


def _collisions(stage: Stage) -> Mapping[int, Any]:
    """Two words in one place."""
    return {0: colliding(int(stage.numFeatures), seed=_SEED, column=mod)}


@converts("pyspark.ml.feature.HashingTF", columns=words_column, edges=_collisions)
def hashing_tf(stage: Stage, x: Column) -> Column:
    """How often words of each hash occur, or whether they do; another hash before Spark 3."""
    if stage.sparkVersion.partition(".")[0] in ("1", "2"):
        raise stage.unsupported(f"was saved by Spark {stage.sparkVersion}, which hashed in another way")
    words, width = words_of(x), int(stage.numFeatures)
    codes = cast(murmur_hash(words.values, _SEED), np.int64)
    found = Terms(op.mod(codes, const(width, np.int64)), cast(ragged.real(words), np.float64))
    return long_vectors.column(found, width, _indicated if stage.binary else None)


def _indicated(counts: Var) -> Var:
    return cast(op.greater(counts, const(0.0)), np.float64)


def _terms(stage: Stage) -> Mapping[int, Any]:
    return {0: list(stage.vocabulary)[:_SHOWN]}


@converts("pyspark.ml.feature.CountVectorizerModel", columns=words_column, edges=_terms)
def count_vectorizer(stage: Stage, x: Column) -> Column:
    """How often each term occurs, 0 below ``minTF``: times, or where that is below 1 a share of all words."""
    words, terms = words_of(x), np.array(stage.vocabulary, object)
    places = coded(words.values, [Coding(terms, np.arange(len(terms)))], -1)
    known = op.and_(ragged.real(words), op.greater_or_equal(places, const(0)))
    found = Terms(op.max([places, const(0)]), cast(known, np.float64))
    if stage.minTF == 1 and not stage.binary:
        return long_vectors.column(found, len(terms))
    return long_vectors.column(found, len(terms), lambda counts: _frequent(stage, counts, words.lengths))


def _frequent(stage: Stage, counts: Var, lengths: Var) -> Var:
    """The counts that reach ``minTF``, 0 in place of others; with ``binary`` 1 for each."""
    share = float(stage.minTF)
    least = const(share) if share >= 1 else op.mul(cast(lengths, np.float64), const(share))
    counts = op.where(op.greater_or_equal(counts, least), counts, const(0.0))
    return _indicated(counts) if stage.binary else counts


@converts("pyspark.ml.feature.Word2VecModel", columns=words_column)
def word_2_vec(stage: Stage, x: Column) -> Column:
    """The sum of the vectors of known words over the number of all words; of no words, 0."""
    words, known = words_of(x), np.array(stage.data["word"], object)
    table = np.vstack([np.asarray(v, np.float64) for v in stage.data["vector"]])
    places = coded(words.values, [Coding(known, np.arange(len(known)))], len(known))
    places = op.where(ragged.real(words), places, const(len(known)))
    vectors = op.gather(const(np.vstack([table, np.zeros_like(table[:1])])), places, axis=0)
    count = op.max([cast(words.lengths, np.float64), const(1.0)])
    return vector(op.mul(op.reduce_sum(vectors, const([1]), keepdims=0), op.div(const(1.0), count)))
