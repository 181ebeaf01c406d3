"""How a vectoriser takes texts apart: the same for those that count and those that hash.

Formulas: _VectorizerMixin of sklearn/feature_extraction/text.py, 0.21 to 1.9.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from onnxpipe.adapters.pickles import described
from onnxpipe.adapters.sklearn.stop_words import ENGLISH
from onnxpipe.blocks.language import text
from onnxpipe.blocks.language.characters import SMALL_SIGMAS, Spelling, respelled
from onnxpipe.blocks.regex import scanning
from onnxpipe.blocks.regex.automata import Automaton, compiled
from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.blocks.regex.patterns import Pattern, translated
from onnxpipe.core.guards import refuse
from onnxpipe.core.ops import Var, const, is_string, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.table import Table
from onnxpipe.errors import BadInput

PLAIN = {r"(?u)\b\w\w+\b": 2, r"\b\w\w+\b": 2, r"(?u)\b\w+\b": 1, r"\b\w+\b": 1, r"\w+": 1}
"""Patterns of words of so many letters and more, which don't tell one small sigma from another."""


def terms(stage: Stage, x: Table, known: Collection[str] | None = None) -> Var:
    """The terms of each text of ``x`` ``[N, 1]``: ``[N, G]``, with blanks among them.

    ``known`` are those that make a difference (None: all). Raises Unsupported for code of the user's
    and for patterns that RE2 can't follow.
    """
    refuse_code(stage)
    stops = stop_words(stage)
    spelling = Spelling(bool(stage.lowercase), stage.strip_accents or "", _tells_sigmas(stage, known, stops))
    tokens = text.padded(documents(stage, x), lambda t: _tokens(stage, respelled(t, spelling)))
    low, high = (int(n) for n in stage.ngram_range)
    sizes = range(low, high + 1)
    if low < 1 or not sizes:
        raise stage.unsupported(f"has the ngram_range {(low, high)}")
    if stage.analyzer == "char_wb":
        return text.bounded_grams(tokens, sizes)
    if stage.analyzer == "char":
        return text.grams(tokens, sizes)
    if stops:
        tokens = text.where_kept(tokens, op.not_(text.is_among(tokens, stops)))
    has_gaps = stops or getattr(_pattern(stage), "whole", None) is not None
    return text.grams(text.compacted(tokens) if has_gaps and high > 1 else tokens, sizes, " ")


def refuse_code(stage: Stage) -> None:
    """Raise Unsupported where a step is a function, or texts have to be fetched from files."""
    for name in ("analyzer", "preprocessor", "tokenizer", "strip_accents"):
        held = stage.get(name)
        if held is not None and not isinstance(held, (str, bool)):
            raise stage.unsupported(f"calls {described(held)} as its {name}")
    if stage.input != "content":
        raise stage.unsupported(f"reads its texts from a {stage.input}")
    if stage.analyzer not in ("word", "char", "char_wb"):
        raise stage.unsupported(f"has the analyzer {stage.analyzer!r}")


def documents(stage: Stage, x: Table) -> Var:
    """The texts ``[N]``. Where missing ones can be told from empty ones, they are refused, as natively."""
    if x.width != 1 or not is_string(x.blocks[0].read()):
        raise BadInput("it needs one column of text", where=stage.path)
    found = op.reshape(x.matrix(), const([-1]))
    missing = stage.options.missing_string
    if not missing:
        return found
    return refuse(stage.context, found, op.equal(found, const(missing)))


def _tokens(stage: Stage, documents: Var) -> Var:
    if stage.analyzer == "char":
        return text.characters(documents)
    if stage.analyzer == "char_wb":
        return text.bounded_characters(documents)
    pattern = _pattern(stage)
    if isinstance(pattern, Automaton):
        return scanning.found(documents, pattern)
    return text.words(documents, pattern)


def _pattern(stage: Stage) -> Pattern | Automaton:
    """The token pattern for RE2, else as an automaton, which takes longer and almost any pattern."""
    try:
        return translated(stage.token_pattern)
    except Untranslatable:
        pass
    try:
        return compiled(stage.token_pattern)
    except Untranslatable as error:
        raise stage.unsupported(
            f"has the token_pattern {stage.token_pattern!r}, and {error} can't be had exactly"
        ) from None


def stop_words(stage: Stage) -> list[str]:
    """The words to leave out, sorted."""
    given: Any = stage.get("stop_words")
    if given is None or stage.analyzer != "word":
        return []
    return sorted(ENGLISH if isinstance(given, str) else set(map(str, given)))


def _tells_sigmas(stage: Stage, known: Collection[str] | None, stops: Collection[str]) -> bool:
    if known is None or (stage.analyzer == "word" and stage.token_pattern not in PLAIN):
        return True
    return any(not SMALL_SIGMAS.isdisjoint(word) for words in (known, stops) for word in words)
