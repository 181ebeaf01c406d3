"""Counts of a vectoriser's terms by way of the runtime's own operators, where they tell the same.

These are words of letters with their accents. Everything else goes by ``analysing.terms``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from onnxpipe.adapters.sklearn import analysing
from onnxpipe.blocks.categorical import Coding, coded, is_utf8
from onnxpipe.blocks.language import capitals, text
from onnxpipe.blocks.language.capitals import Written
from onnxpipe.blocks.language.occurrences import NEVER, Gram, numbered, occurrences
from onnxpipe.blocks.regex.patterns import translated
from onnxpipe.core.ops import Var, ml
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Table

_NEVER = "A B"
"""No word."""

_UNKNOWN = "  "
"""What stands for words that are in no sequence; no sequence of words has two blanks in a row."""

_WIDE = 1024
"""Terms from which it takes longer to cut a row off counts than to count by way of numbers."""


class _Vocabulary(NamedTuple):
    """The column of each sequence of words, how the words are written, and those that are left out."""

    grams: Mapping[tuple[str, ...], int]
    written: Written
    stops: list[str]


def counts(stage: Stage, x: Table, known: Mapping[str, int], dtype: Any) -> Var | None:
    """``[N, terms]`` for the columns ``known`` of terms, in some dtype (where it can be, in ``dtype``).

    None where it takes more than this.
    """
    shortest = analysing.PLAIN.get(str(stage.token_pattern))
    if stage.analyzer != "word" or shortest is None or stage.strip_accents:
        return None
    held = _vocabulary(stage, known)
    if not held.written.ways:
        return None

    def tokens(texts: Var) -> Var:
        if stage.lowercase:
            return capitals.found(texts, held.written, shortest)
        return text.words(texts, translated(stage.token_pattern))

    documents, width = analysing.documents(stage, x), len(known)
    if int(stage.ngram_range[1]) > 1 and width >= _WIDE:
        return text.counted(
            text.padded(documents, lambda texts: _places(stage, tokens(texts), held)), width, dtype
        )
    if int(stage.ngram_range[1]) > 1:
        return text.padded(documents, lambda texts: _sequences(tokens(texts), held, width))
    columns = {way: held.grams[word,] for way, word in held.written.ways.items()}
    if width < _WIDE:
        single: dict[Gram, int] = {(_NEVER,): width - 1, **{(way,): i for way, i in columns.items()}}
        return text.padded(documents, lambda texts: occurrences(tokens(texts), single, width))
    coding = Coding(np.array([*columns], object), np.fromiter(columns.values(), np.int64))
    places = text.padded(documents, lambda texts: coded(tokens(texts), [coding], -1))
    return text.counted(places, width, dtype)


def _vocabulary(stage: Stage, known: Mapping[str, int]) -> _Vocabulary:
    """The terms that words can make up; without those to leave out where nothing lies between words."""
    low, high = (int(n) for n in stage.ngram_range)
    stops = [word for word in analysing.stop_words(stage) if is_utf8(word)]
    split = ((tuple(term.split(" ")), column) for term, column in known.items() if is_utf8(term))
    grams = {words: column for words, column in split if low <= len(words) <= high and all(words)}
    names = {word for words in grams for word in words}
    names = names | set(stops) if high > 1 else names - set(stops)
    written = (
        capitals.written(sorted(names))
        if stage.lowercase
        else Written({name: name for name in sorted(names)})
    )
    return _Vocabulary(grams, written, stops)


def _places(stage: Stage, tokens: Var, held: _Vocabulary) -> Var:
    """int64 ``[N, G]``: the column of each sequence of words, those left out aside; -1 for unknown ones."""
    stops = set(held.stops)
    ways = {way: text.BLANK if word in stops else word for way, word in held.written.ways.items()}
    ways[text.BLANK] = text.BLANK
    known = ml.label_encoder(
        tokens, keys_strings=[*ways], values_strings=[*ways.values()], default_string=_UNKNOWN
    )
    low, high = (int(n) for n in stage.ngram_range)
    found = text.grams(text.compacted(known) if stops else known, range(low, high + 1), " ")
    sequences = np.array([" ".join(words) for words in held.grams], object)
    return coded(found, [Coding(sequences, np.fromiter(held.grams.values(), np.int64))], -1)


def _sequences(tokens: Var, held: _Vocabulary, width: int) -> Var:
    """float32 ``[N, width]``: how often each sequence of words occurs, those left out aside."""
    numbers, columns = numbered(tokens, held.written.ways, held.grams, held.stops)
    return occurrences(numbers, {(NEVER,): width - 1, **columns}, width)
