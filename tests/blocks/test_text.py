"""Text in graphs against Python's own text, on many odd strings."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
import spox
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    HashingVectorizer,
    strip_accents_ascii,
    strip_accents_unicode,
)
from sklearn.utils import murmurhash3_32

import onnxpipe
from onnxpipe.adapters.sklearn.stop_words import ENGLISH
from onnxpipe.blocks.hashing.hashes import murmur3
from onnxpipe.blocks.language import text
from onnxpipe.blocks.language.characters import Spelling, respelled
from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.blocks.regex.patterns import translated
from onnxpipe.core import build, portability
from onnxpipe.core.ops import Tensor, Var, argument
from onnxpipe.core.options import Options
from onnxpipe.core.passes.pruning import finish
from onnxpipe.errors import BadInput, Inexact
from tests.harness import open_session

ODD = (
    "aAbBzZ09_-.,;: '’\u00ad·\t\n\r\x00\x1c\x85\u00a0\u200b\u2028\u3000"
    "ΣσςΑα\u0345İıßẞéÉåÅ\u0301\u0307\u0327\u0338"
    "ﬁﷺ가각ᄀäÄǅǆ日語テ・😀👩\u200dᾼᾳŉ\U00010400\U00010428\U0001e900ⅧⅷⓐⒶ²½Ⅳ٣३\u212a\u212bЖж\u0660\U00020000\U000e0001"
)


def strings(count: int, seed: int) -> Any:
    """Strings up to 30 characters long, most from a list of odd ones, some from all of Unicode."""
    chance = random.Random(seed)
    anywhere = [range(0xD800), range(0xE000, 0x110000)]
    made = [
        "".join(
            chance.choice(ODD) if chance.random() < 0.85 else chr(chance.choice(chance.choice(anywhere)))
            for _ in range(chance.randrange(30))
        )
        for _ in range(count)
    ]
    return np.array([*made, "", " ", "a", "A", "Σ", "ΑΣ", "\x00"], object)


def run(step: Callable[[Var], Var], rows: Any) -> Any:
    """What a graph of one step makes of texts ``[N]``."""
    x = argument(Tensor(np.str_, ("N",)))
    model = finish(build.stamped(spox.build({"x": x}, {"y": step(x)}), Options()), ()).model
    onnx.checker.check_model(model, full_check=True)
    return open_session(model).run(None, {"x": rows})[0]


STRIPPED: dict[str, Callable[[str], str]] = {
    "": str,
    "ascii": strip_accents_ascii,
    "unicode": strip_accents_unicode,
}


@pytest.mark.parametrize("accents", STRIPPED)
@pytest.mark.parametrize("lower", [True, False])
def test_respelling_is_pythons(lower: bool, accents: str) -> None:
    rows = strings(4000, 1)
    expected = [STRIPPED[accents](row.lower() if lower else row) for row in rows]
    assert run(lambda x: respelled(x, Spelling(lower, accents)), rows).tolist() == expected


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("rows", [["Plain ASCII, no more!", "", "B\x00C"], ["x" * 3000 + "Ä" * 3000]])
def test_short_way_and_long_texts(rows: list[str], lower: bool) -> None:
    expected = [strip_accents_unicode(row.lower() if lower else row) for row in rows]
    assert (
        run(lambda x: respelled(x, Spelling(lower, "unicode")), np.array(rows, object)).tolist() == expected
    )


PATTERNS = [
    r"(?u)\b\w\w+\b",
    r"\b\w+\b",
    r"\w+",
    r"\b(\w{3,5})\b",
    r"\b[a-z]\w*\b",
    r"(?u)\b[^\W\d_]+\b",
    r"\b\d+\b",
    r"\S+",
    r"[^\s.,;]+",
    r"#?\w+",
    r"[0-9]+-[0-9]+",
    r"\d{1,2}[.,]?",
    r"(?:a)(?:[b-z])",
    r"..",
    r"[\u0391-\u03c9]{2}",
    r"[^a]",
    r"(?i)[a-k]+",
    r"(?i)[^k]s",
    r"(?a)\b\w\w+\b",
    r"(?s).",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_tokens_are_those_that_python_finds(pattern: str) -> None:
    rows = strings(3000, 2)
    found = run(lambda x: text.compacted(text.padded(x, lambda t: text.words(t, translated(pattern)))), rows)
    expected = re.compile(pattern)
    for row, tokens in zip(rows, found, strict=True):
        assert [token for token in tokens if token] == expected.findall(row), repr(row)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"a|bc", "choice"),
        (r"(?i:a)b", "groups"),
        (r"\w*", "empty"),
        (r"\b\w*\b", "empty"),
        (r"(a)(b)", "groups"),
        (r"a+?", "lazy"),
        (r"^a", "anchor"),
        (r"a(?!b)", "look-around"),
        (r"(?:ab)+", "more than one"),
        (r"\w+a", "overlaps"),
        (r"\w?#?a", "overlaps"),
        (r"\b[\w-]+\b", "between"),
        (r"\w{2000}", "1000"),
    ],
)
def test_patterns_that_differ_are_refused(pattern: str, said: str) -> None:
    with pytest.raises(Untranslatable, match=said):
        translated(pattern)


@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 3), (2, 4), (5, 6)])
def test_terms_are_those_of_the_analyser(analyzer: str, sizes: tuple[int, int]) -> None:
    rows = strings(800, 3)
    kind = CountVectorizer(analyzer=analyzer, ngram_range=sizes).fit([*rows[:200], "a1 b1 c1 d1 e1 f1"])
    session = open_session(onnxpipe.convert(kind))
    assert np.array_equal(session.run(None, {"X": rows[:, None]})[0], kind.transform(rows).toarray())


def test_hash_is_scikit_learns() -> None:
    for row in strings(500, 4):
        assert murmur3(row.encode()) == murmurhash3_32(row.encode(), positive=True)


def test_stop_words_are_scikit_learns() -> None:
    assert ENGLISH == ENGLISH_STOP_WORDS


def test_a_missing_text_is_refused_where_it_can_be_told() -> None:
    model = onnxpipe.convert(CountVectorizer().fit(["one two"]), missing_string="<none>")
    session = open_session(model)
    assert session.run(None, {"X": np.array([[""], ["two"]], object)})[0].tolist() == [[0, 0], [0, 1]]
    with pytest.raises(Exception, match="out of data bounds"):
        session.run(None, {"X": np.array([["two"], ["<none>"]], object)})


def test_words_that_cannot_be_written_never_occur() -> None:
    kind = CountVectorizer(analyzer="char", stop_words=None).fit(["ab \ud800 c"])
    predict = onnxpipe.load(onnxpipe.convert(kind))
    assert np.array_equal(predict({"X": ["a c"]})["transform"], kind.transform(["a c"]).toarray())
    stopped = CountVectorizer(stop_words=["\ud800b", "ab"]).fit(["ab cd"])
    assert onnxpipe.load(onnxpipe.convert(stopped))({"X": ["ab cd"]})["transform"].tolist() == [[1]]
    with pytest.raises(BadInput, match="surrogate"):
        predict({"X": ["a \ud800"]})


def test_bytes_are_refused_as_text() -> None:
    predict = onnxpipe.load(onnxpipe.convert(CountVectorizer().fit(["one two"])))
    with pytest.raises(BadInput, match="b'one two'"):
        predict({"X": np.array([b"one two"], object)})


def test_portability_is_told_and_kept() -> None:
    kind = HashingVectorizer(n_features=4).fit(["one two"])
    model = onnxpipe.convert(kind)
    assert portability.portability(model) == "onnxruntime"
    with pytest.raises(Inexact, match="Tokenizer"):
        onnxpipe.convert(kind, portable="standard")
