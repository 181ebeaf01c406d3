"""Texts to counts of known terms, and their weighting. Formulas: sklearn/feature_extraction/text.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.sklearn import analysing, categories, counting
from onnxpipe.blocks import terms
from onnxpipe.blocks.categorical import Coding, coded
from onnxpipe.blocks.language import text
from onnxpipe.core.apply import transformed
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, cast
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Check, Table


def texts(stage: Stage) -> Sequence[str]:
    """One column of text."""
    return ("string",)


def vocabulary(stage: Stage) -> Mapping[str, int]:
    """The column of each term: as fitted, or as given to an estimator that was never fitted."""
    given: Any = stage.get("vocabulary")
    if stage.get("vocabulary_") is not None or given is None:
        return {str(term): int(i) for term, i in stage.vocabulary_.items()}
    if isinstance(given, dict):
        return {str(term): int(i) for term, i in given.items()}
    listed = sorted(given) if isinstance(given, (set, frozenset)) else given
    return {str(term): i for i, term in enumerate(listed)}


def _edges(stage: Stage) -> Mapping[int, Any]:
    """Each term as a text of its own; in large vocabularies some, and as many as can be together."""
    known = sorted(vocabulary(stage))
    if len(known) <= _SHOWN:
        return {0: known}
    words = stage.analyzer == "word" and str(stage.token_pattern) in analysing.PLAIN
    step = max(_TEXTS, len(known) // (_LONG if words else _SHORT))
    together = [" ".join(known[i::step]) for i in range(_TEXTS)]
    return {0: [*known[:: 1 + len(known) // _SHOWN], *together]}


_SHOWN, _TEXTS = 200, 100
"""Terms up to which each is a text of its own, and texts that hold several terms where there are more."""

_LONG, _SHORT = 1000, 40
"""Terms that such a text has at most; fewer where texts are gone through character by character."""


@converts("sklearn.feature_extraction.text.CountVectorizer", columns=texts, edges=_edges)
def count_vectorizer(stage: Stage, x: Table) -> Table:
    """How often each term of the vocabulary occurs, or whether it does."""
    return Table.of(counts(stage, x), finite=True)


def counts(stage: Stage, x: Table) -> Var:
    """``[N, vocabulary]`` in the vectoriser's dtype."""
    known = vocabulary(stage)
    dtype = categories.numpy_type(stage.dtype)
    analysing.refuse_code(stage)
    exact = dtype if dtype.kind == "f" else np.dtype(np.int64)
    found = counting.counts(stage, x, known, exact)
    if found is None:
        columns = Coding(np.array([*known], object), np.fromiter(known.values(), np.int64))
        found = text.counted(coded(analysing.terms(stage, x, known), [columns], -1), len(known), exact)
    return hot(found, dtype) if stage.binary else cast(found, dtype)


def hot(counted: Var, dtype: Any) -> Var:
    """1 where a count isn't 0."""
    return terms.each(counted, lambda values: cast(cast(values, np.bool_), dtype))


@converts("sklearn.feature_extraction.text.TfidfVectorizer", columns=texts, edges=_edges)
def tfidf_vectorizer(stage: Stage, x: Table) -> Table:
    """Counts, weighted."""
    found = Table.of(counts(stage, x), finite=True)
    return transformed(stage.child("_tfidf", stage._tfidf), found)


@converts("sklearn.feature_extraction.text.TfidfTransformer")
def tfidf_transformer(stage: Stage, x: Var) -> Table:
    """Term frequencies (or ``1 + log`` of them) times ``idf_``, each row over its norm."""
    if stage.sublinear_tf:
        x = text.logarithmic(x)
    weights = np.asarray(stage.get("idf_", 1.0))
    x = text.weighted(x, weights) if weights.ndim else x
    safe = not stage.sublinear_tf and bool(np.isfinite(weights).all())
    if stage.norm is None:
        return Table.of(x, finite=safe and terms.terms_of(x) is not None)  # counts of words are small
    # The norm's own check refuses what weights made infinite, and logarithms of negative numbers.
    if not safe:
        x = terms.each(x, lambda values: guarded(stage.context, values, Check.NONFINITE))
    return Table.of(text.normed(x, stage.norm), finite=True)
