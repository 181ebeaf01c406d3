"""Components for texts answer as Python and scikit-learn do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode
from sklearn.utils import murmurhash3_32

import onnxpipe
from onnxpipe.errors import BadManifest
from tests.components.test_components import answers
from tests.graphs import graph, run

TEXTS = np.array(
    [
        "The quick brown FOX",
        "",
        "İstanbul ΣΊΣΥΦΟΣ",
        "cafe\u0301 naïve ﬁne",
        "a 12 345\tb_c",
        "日本語 x",
        "😀 ẞ",
    ],
    object,
)


@pytest.mark.parametrize("accents", ["", "unicode", "ascii"])
def test_respelled(accents: str) -> None:
    strip = {"unicode": strip_accents_unicode, "ascii": strip_accents_ascii, "": str}[accents]
    for rows in (TEXTS, TEXTS[:0], TEXTS[1:2]):
        got = answers("normalise", rows[:, None], width=1, accents=accents)["value"]
        assert got[:, 0].tolist() == [strip(text.lower()) for text in rows]


@pytest.mark.parametrize("pattern", [r"\b\w\w+\b", "[a-z]+", r"\d+"])
def test_taken_apart(pattern: str) -> None:
    for rows in (TEXTS, TEXTS[:0], TEXTS[1:2]):
        got = answers("words", rows[:, None], width=1, pattern=pattern)["tokens"]
        assert [[t for t in row if t] for row in got.tolist()] == [re.findall(pattern, text) for text in rows]


@pytest.mark.parametrize(("by", "limit"), [(";", 0), (";;", 0), (";", 1), ("日", 0), (" ", 2)])
def test_split(by: str, limit: int) -> None:
    texts = np.array(["a;b;;c", "", ";", "a b  c d", ";;x;y", "日;本日"], object)
    for rows in (texts, texts[:0], texts[1:2]):
        got = answers("split", rows[:, None], width=1, by=by, limit=limit)
        native = [text.split(by, limit or -1) for text in rows]
        assert got["counts"].tolist() == list(map(len, native))
        wide = [row + [""] * (got["tokens"].shape[1] - len(row)) for row in native]
        assert got["tokens"].tolist() == wide


def test_hashed() -> None:
    words = np.array([["a", "ç"], ["", "日本語"]], object)
    for seed in (0, 7):
        got = answers("hash", words, width=2, buckets=1000, seed=seed)["index"]
        native = [[abs(murmurhash3_32(word, seed=seed)) % 1000 for word in row] for row in words]
        assert got.tolist() == native


@pytest.mark.parametrize("length", [0, 2, 5])
def test_looked_up_and_padded(length: int) -> None:
    tokens = np.array([["b", "", "x"], ["", "", ""], ["a", "b", "a"]], object)
    got = answers("sequence", tokens, classes="[pad]|[unk]|a|b", length=length)
    width = length or 3
    native: list[Any] = [[3, 1], [], [2, 3, 2]]
    filled = [(row + [0] * width)[:width] for row in native]
    np.testing.assert_array_equal(got["input_ids"], filled)
    np.testing.assert_array_equal(
        got["attention_mask"], [(([1] * len(r)) + [0] * width)[:width] for r in native]
    )
    assert answers("sequence", tokens[:0], classes="a", length=length)["input_ids"].shape[0] == 0


def test_from_texts_to_numbers() -> None:
    source = graph("g (string[N] raw) => (string[N] text) { text = Identity(raw) }")
    made = onnxpipe.stitch([source, "normalise", "words", "sequence:classes=pad|unk|the|fox,length=4"])
    got = run(made, {"raw": np.array(["The FOX!", "le renard", ""], object)})
    assert got["input_ids"].tolist() == [[2, 3, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("component", "given", "says"),
    [
        ("words", {"pattern": "ab|cd"}, "a choice of several"),
        ("normalise", {"accents": "asci"}, "Is it ascii"),
        ("split", {}, "it needs by"),
        ("split", {"by": ""}, "it needs by"),
        ("hash", {"buckets": 0}, "buckets can't be 0"),
        ("sequence", {}, "it needs classes"),
    ],
)
def test_what_is_refused(component: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest) as caught:
        answers(component, TEXTS[:, None], width=1, **given)
    assert says in str(caught.value)
