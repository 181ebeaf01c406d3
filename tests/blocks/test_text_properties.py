"""Vectorisers against scikit-learn on texts and options that nobody would think of."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer

import onnxpipe
from onnxpipe.check.compare import Tolerance, compare_output
from tests.blocks.test_text import ODD
from tests.harness import open_session

MORE = (
    "👩\u200d👩\u200d👧🏳\ufe0f\u200d🌈🇩🇪👍🏽ǅǈǋ\x0b\x0c\ufeff\u200e\u202eשלוםمرحبا"
    "\u0e01\u0e33हिन्दी한글\u1100\u1161\u11a8ﾊﾝｶｸ…“”«ĳŒœΐΰ\u0483\ud7ff\ue000\uffff\U0010ffff"
)
WORDS = (
    "the The straße STRASSE ΟΔΥΣΣΕΥΣ İstanbul ısı naïve 日本語 fox-trot don't x_y a1 3.14 ǅ "
    "e\u0301 Ⅷ ﬁn ΑΣ\u0301 ς"
)
GAPS = (" ", "  ", "\t", "\n", "\u00a0", "\u2028")
PATTERNS = (
    *(r"(?u)\b\w\w+\b", r"(?u)\b\w+\b", r"\b[a-zA-Z]{2,}\b", r"\w+", r"\S+", r"\b([^\W\d_]+)\b", r".", r"\W"),
    *(r"(?i)[a-zß]+", r"(?a)\w+", r"\w+$", r"(?m)^\W*(\w+)", r"\w+(?=\s+\w)", r"(?s:.)(?!.*x)", r"(?i)s+|k"),
    *(r"[A-Za-zÀ-ÖØ-öø-ÿ]+", r"\b\w{1,3}\b", r"\w+(?:[-']\w+)*", r"\w+|[^\w\s]", r"[a-z]+(?=\s)"),
)
characters = some.one_of(some.sampled_from(ODD + MORE), some.characters(exclude_categories=["Cs"]))
sentences = some.lists(some.sampled_from(WORDS.split(" ")), max_size=7).flatmap(
    lambda words: some.sampled_from(GAPS).map(lambda gap: gap.join(words))
)
texts = some.lists(some.one_of(some.text(characters, max_size=20), sentences), min_size=3, max_size=12)


@some.composite
def analysing(draw: Any) -> dict[str, Any]:
    """Options of every vectoriser."""
    low = draw(some.integers(1, 3))
    options = {
        "analyzer": draw(some.sampled_from(["word", "char", "char_wb"])),
        "ngram_range": (low, low + draw(some.integers(0, 2))),
        "lowercase": draw(some.booleans()),
        "strip_accents": draw(some.sampled_from([None, "ascii", "unicode"])),
        "binary": draw(some.booleans()),
    }
    if options["analyzer"] == "word":
        options["token_pattern"] = draw(some.sampled_from(PATTERNS))
        options["stop_words"] = draw(some.sampled_from([None, "english", ["the", "straße", "οδυσσευς"]]))
    return options


counting = some.fixed_dictionaries(
    {"dtype": some.sampled_from([np.int64, np.float32]), "max_features": some.sampled_from([None, 20])}
)
weighing = some.fixed_dictionaries(
    {
        "norm": some.sampled_from(["l1", "l2", None]),
        "use_idf": some.booleans(),
        "smooth_idf": some.booleans(),
        "sublinear_tf": some.booleans(),
        "dtype": some.sampled_from([np.float64, np.float32]),
    }
)
hashing = some.fixed_dictionaries(
    {
        "norm": some.sampled_from(["l1", "l2", None]),
        "n_features": some.sampled_from([3, 64]),
        "alternate_sign": some.booleans(),
        "dtype": some.sampled_from([np.float64, np.float32]),
    }
)
KINDS = {CountVectorizer: counting, TfidfVectorizer: weighing, HashingVectorizer: hashing}


@settings(max_examples=120, deadline=None)
@given(rows=texts, shared=analysing(), kind=some.sampled_from(list(KINDS)), data=some.data())
def test_any_text_under_any_options_is_counted_alike(rows: Any, shared: Any, kind: Any, data: Any) -> None:
    vectoriser = kind(**shared, **data.draw(KINDS[kind]))
    try:
        vectoriser.fit(rows[: 1 + len(rows) // 2])
    except ValueError:
        return  # no words in the texts to fit
    session = open_session(onnxpipe.convert(vectoriser))
    for batch in (rows, rows[-1:]):
        expected = vectoriser.transform(batch).toarray()
        (found,) = session.run(None, {"X": np.array(batch, object)[:, None]})
        assert compare_output("transform", expected, found, Tolerance()).equal
