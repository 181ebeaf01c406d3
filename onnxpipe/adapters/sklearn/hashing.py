"""Texts to hashed columns. Formulas: sklearn/feature_extraction/_hash.py and text.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from onnxpipe.adapters.sklearn import categories
from onnxpipe.adapters.sklearn.analysing import terms
from onnxpipe.adapters.sklearn.text import hot, texts
from onnxpipe.blocks.hashing import hashes
from onnxpipe.blocks.language import text
from onnxpipe.core.ops import Var, cast
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.core.table import Table


def _collisions(stage: Stage) -> Mapping[int, Sequence[str]]:
    """Two words in one column."""
    return {0: hashes.colliding(int(stage.n_features)) if stage.analyzer == "word" else []}


@converts("sklearn.feature_extraction.text.HashingVectorizer", columns=texts, edges=_collisions)
def hashing_vectorizer(stage: Stage, x: Table) -> Table:
    """The terms' signs added up in the columns of their hashes, each row over its norm."""
    found = terms(stage, x)
    if stage.binary:  # terms that cancel out are there all the same
        result = hot(_tally(stage, found, signed=False), categories.numpy_type(stage.dtype))
    else:
        result = _tally(stage, found, signed=bool(stage.alternate_sign))
    if stage.norm is None:
        return Table.of(result, finite=True)
    floating = categories.numpy_type(stage.dtype).kind == "f"
    return Table.of(text.normed(result if floating else cast(result, np.float64), stage.norm), finite=True)


def _tally(stage: Stage, tokens: Var, *, signed: bool) -> Var:
    dtype = categories.numpy_type(stage.dtype)
    exact = dtype if dtype.kind == "f" else np.dtype(np.int64)
    return cast(hashes.added([hashes.hashed(tokens, signed, exact)], int(stage.n_features)), dtype)
