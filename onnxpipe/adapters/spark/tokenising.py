"""Texts to words, and words to others.

Formulas: Tokenizer.scala, StopWordsRemover.scala and NGram.scala in org/apache/spark/ml/feature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from onnxpipe.adapters.spark import kinds
from onnxpipe.blocks.language import ragged, splitting, text
from onnxpipe.blocks.language.characters import Spelling, respelled
from onnxpipe.blocks.language.ragged import Ragged
from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.core.frame import Column
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts
from onnxpipe.sql import java_patterns

_LOWER = Spelling()
_OWN_CASE = ("tr", "az", "lt")
"""Locales in which letters have other small letters."""


def text_column(stage: Stage) -> Sequence[str]:
    """One column of text."""
    return (kinds.TEXT,)


def words_column(stage: Stage) -> Sequence[str]:
    """One column of arrays of text."""
    return (kinds.TEXTS,)


def words_of(x: Column) -> Ragged:
    """A column of arrays of text and how long they are."""
    assert x.lengths is not None
    return Ragged(x.var, x.lengths)


def arrays(words: Ragged) -> Column:
    """Arrays of text as a column."""
    return Column(words.values, lengths=words.lengths)


@converts("pyspark.ml.feature.Tokenizer", columns=text_column)
def tokenizer(stage: Stage, x: Var) -> Column:
    """Small letters, split at every single white space."""
    return arrays(_taken_apart(stage, x, True, lambda t: splitting.split(t, java_patterns.translated(r"\s"))))


@converts("pyspark.ml.feature.RegexTokenizer", columns=text_column)
def regex_tokenizer(stage: Stage, x: Var) -> Column:
    """What the pattern finds or, with ``gaps``, what is between; at least ``minTokenLength`` long."""
    try:
        pattern = java_patterns.translated(stage.pattern)
        apart = splitting.split if stage.gaps else splitting.found
        words = _taken_apart(stage, x, bool(stage.toLowercase), lambda t: apart(t, pattern))
    except (Untranslatable, re.error) as error:
        reason = f"has the pattern {stage.pattern!r}, and {error} can't be had exactly"
        raise stage.unsupported(reason) from None
    return arrays(ragged.kept(words, splitting.long_enough(words, int(stage.minTokenLength))))


def _taken_apart(stage: Stage, x: Var, lower: bool, apart: Callable[[Var], Ragged]) -> Ragged:
    """The pieces of each text of ``x`` ``[N, 1]``; a missing one is refused where it can be told."""
    documents = op.reshape(x, const([-1]))
    if stage.options.missing_string:
        missing = op.equal(documents, const(stage.options.missing_string))
        documents = refuse(stage.context, documents, missing)
    # One more text, which isn't empty, goes along: see text.padded.
    found = apart(respelled(op.concat([documents, const(["a"])], axis=0), Spelling(lower=lower)))
    values, lengths = (op.slice(each, const([0]), op.shape(x, end=1), const([0])) for each in found)
    return ragged.trimmed(values, lengths)


def _listed(stage: Stage) -> Mapping[int, Sequence[str]]:
    return {0: [str(word) for word in stage.stopWords if word is not None]}


@converts("pyspark.ml.feature.StopWordsRemover", columns=words_column, edges=_listed)
def stop_words_remover(stage: Stage, x: Column) -> Column:
    """The words that aren't in the list; unless case counts, by their small letters."""
    words, listed = words_of(x), [str(word) for word in stage.stopWords if word is not None]
    compared = words.values
    if not stage.caseSensitive:
        if stage.get("locale", "en") in _OWN_CASE:
            raise stage.inexact(
                f"compares by the small letters of locale {stage.locale!r}, which no graph knows",
                "Set locale to another one, such as en, or caseSensitive to True.",
            )
        listed = [word.lower() for word in listed]
        flat = text.padded(op.reshape(compared, const([-1])), lambda t: respelled(t, _LOWER))
        compared = op.reshape(flat, op.shape(compared), allowzero=1)
    return arrays(ragged.kept(words, op.not_(text.is_among(compared, sorted(set(listed))))))


@converts("pyspark.ml.feature.NGram", columns=words_column)
def n_gram(stage: Stage, x: Column) -> Column:
    """Every ``n`` words in a row with a blank between them."""
    return arrays(ragged.neighbours(words_of(x), int(stage.n), " "))
