"""Words that are looked up in capitals outside ASCII, against scikit-learn on odd texts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

import onnxpipe
from onnxpipe.blocks.language import capitals
from tests.blocks.test_text import strings
from tests.harness import open_session

WORDS = (
    "kick KICK \u212aick ki\u212a i I İ ı ik İk kİ xİİ Ärger ärger ÄRGER STRAẞE straße "
    "Åse \u212bse ΟΔΥΣΣΕΥΣ οδυσσευς Οδυσσευς οδυσσευσ ΑΣ'Α ΑΣ' ΑΣ.β Σ ΣΑ ΑΣ1 1ΑΣ ⓐΣ ΑΣⓐ "
    "ΑΣ\u00adⒶ Α'Σ İΣ İ'Σ ΣİΣ ʰΣ ΑΣʰ ΑΣʰΑ Привет ПРИВЕТ ПРивет приВет МГУ МГУшный п2П П2п "
    "Ǆur ǅur ǆur ϴα \u2126α ωα ǈ ĞİĞ ğiğ IĞDIR ığdır a\u0307 ἈΣ ᾼΣ"
)


def sentences(count: int, seed: int) -> Any:
    """Texts of the words above and of odd characters, glued by what is in no word or is seen through."""
    chance = random.Random(seed)
    words = WORDS.split()
    glue = (" ", " ", " ", "", "'", ".", "\u00ad", "-", "\u0301", "_", "\u2019", ":", "ⓐ")
    drawn = [
        "".join(chance.choice(words) + chance.choice(glue) for _ in range(chance.randrange(1, 6)))
        for _ in range(count)
    ]
    return np.array([*drawn, "", *strings(count // 4, seed)], object)


@pytest.mark.parametrize("few", [False, True], ids=["every way", "usual ways"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"token_pattern": r"(?u)\b\w+\b"},
        {"ngram_range": (1, 2)},
        {"ngram_range": (2, 3), "token_pattern": r"\w+"},
        {"stop_words": ["ας", "kick", "привет"], "ngram_range": (1, 2)},
        {"stop_words": ["οδυσσευς", "i", "nowhere"]},
        {"lowercase": False, "ngram_range": (1, 2)},
        {"binary": True, "dtype": np.float32},
    ],
    ids=str,
)
def test_words_are_counted_in_any_capitals(
    options: dict[str, Any], few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if few:
        monkeypatch.setattr(capitals, "_MANY", 0)
    rows = sentences(1500, 3)
    vectoriser = CountVectorizer(**options).fit(rows[:1000])
    session = open_session(onnxpipe.convert(vectoriser))
    for batch in (rows, rows[:1], rows[:0]):
        (found,) = session.run(None, {"X": np.array(batch, object).reshape(-1, 1)})
        expected = vectoriser.transform(batch).toarray() if len(batch) else np.zeros((0, found.shape[1]))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "vocabulary",
    [["Fox", "fox", "ÄRGER"], ["ärger", "Ärger", "zz", "Σ"], ["the fox", "fox", " ", "a  b", "the the fox"]],
    ids=str,
)
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 3), (2, 2)])
def test_terms_that_are_given_may_never_occur(
    vocabulary: list[str], lower: bool, sizes: tuple[int, int]
) -> None:
    rows = np.array(["The the FOX fox Fox ärger Ärger ÄRGER Σ σ", "", "a  b the fox", "A B"], object)
    vectoriser = CountVectorizer(vocabulary=vocabulary, lowercase=lower, ngram_range=sizes)
    session = open_session(onnxpipe.convert(vectoriser))
    (found,) = session.run(None, {"X": rows[:, None]})
    np.testing.assert_array_equal(found, vectoriser.transform(rows).toarray())
