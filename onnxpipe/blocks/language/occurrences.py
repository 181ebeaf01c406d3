"""How often known sequences of tokens occur in rows, counted by the operator that ONNX has for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from onnxpipe.core.ops import Var, cast, const, ml, op, shape_of, shaped

_UNKNOWN, _LEFT_OUT = 0, -1


Gram = tuple[str | int, ...]
"""Tokens that follow each other, all as text or all as numbers."""

NEVER = -2
"""A number that no token has."""


def occurrences(tokens: Var, columns: Mapping[Gram, int], width: int) -> Var:
    """float32 ``[N, width]``: how often each column's tokens follow each other in ``tokens`` ``[N, T]``.

    ``columns`` has a sequence for the last column.
    """
    longest = max(map(len, columns))
    by_length = [[gram for gram in columns if len(gram) == n] for n in range(1, longest + 1)]
    pool = [token for grams in by_length for gram in grams for token in gram]
    sizes = [n * len(grams) for n, grams in enumerate(by_length, 1)]
    texts = isinstance(pool[0], str)
    found = op.tf_idf_vectorizer(
        tokens,
        mode="TF",
        min_gram_length=1,
        max_gram_length=longest,
        max_skip_count=0,
        ngram_counts=[0, *accumulate(sizes[:-1])],
        ngram_indexes=[columns[gram] for grams in by_length for gram in grams],
        pool_strings=[str(token) for token in pool] if texts else None,
        pool_int64s=None if texts else [int(token) for token in pool],
    )
    return shaped(found, shape_of(tokens)[0], width)


def numbered(
    tokens: Var, ways: Mapping[str, str], grams: Mapping[tuple[str, ...], int], left_out: Sequence[str]
) -> tuple[Var, dict[Gram, int]]:
    """Tokens ``[N, T]`` and known sequences of words as numbers, without the words to be left out.

    ``ways`` are the tokens of words that matter, and the words.
    """
    words = dict.fromkeys(word for gram in grams for word in gram)
    numbers = {word: i for i, word in enumerate(words, 1)} | dict.fromkeys(left_out, _LEFT_OUT)
    keys = {way: numbers[word] for way, word in ways.items()}
    found = ml.label_encoder(
        tokens, keys_strings=list(keys), values_int64s=list(keys.values()), default_int64=_UNKNOWN
    )
    known: dict[Gram, int] = {tuple(numbers[word] for word in gram): column for gram, column in grams.items()}
    reachable = {gram: column for gram, column in known.items() if _LEFT_OUT not in gram}
    return (_together(found) if left_out else found), reachable


def _together(numbers: Var) -> Var:
    """The numbers that aren't left out moved to the left, ``[N, T + 1]``."""
    kept = op.not_(op.equal(numbers, const(_LEFT_OUT)))
    place = op.sub(op.cumsum(cast(kept, np.int64), const(1)), const(1))
    place = op.where(kept, place, op.shape(numbers, start=1))
    blanks = op.expand(const(_UNKNOWN), op.add(op.shape(numbers), const([0, 1])))
    return op.scatter_elements(blanks, place, op.where(kept, numbers, const(_UNKNOWN)), axis=1)
