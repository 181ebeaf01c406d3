"""Automata against Python's own ``findall``: any pattern that is taken finds the same in any text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onnxpipe.blocks import scanning
from onnxpipe.blocks.automata import Automaton, compiled
from onnxpipe.blocks.patterns import Untranslatable
from tests.test_text import run, strings

USUAL = (
    *(r"a|bc", r"ab|abc", r"(?:a|ab)(?:c|bcd)(?:d*)", r"(?u)\b\w\w+\b|!|\?|\"|\'", r"\w+|\$[\d\.]+|\S+"),
    *(r"#(\w+)", r"(\w+)'s", r"a+?b", r"\w+?\b", r"(?:ab)+", r"\b\w[\w']+\b", r"\d+(?:[.,]\d+)*", r"\Aab"),
    *(r"b\Z", r"\Bb\w", r"a{2,3}?b?", r"(?:a|b)*?c", r"[a-c]{2,4}[b-d]", r"x(?!y)", r"(?<=#)\w+"),
    *(r"\w+@\w+\.\w+", r"[^\W\d_]+(?:['’]\w+)?"),
)
ATOMS = some.sampled_from(["a", "b", "[ab]", "[^a]", r"\w", r"\d", r"\s", ".", r"\S", "é", r"\W"])
BESIDE = some.sampled_from([r"\b", r"\B", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", r"\A", r"\Z"])
TIMES = some.sampled_from(["+", "*", "?", "{1,2}", "{2}", "+?", "*?", "??", "{1,3}?"])


def grown(inner: Any) -> Any:
    return some.one_of(
        some.tuples(inner, inner).map("".join),
        some.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        some.tuples(inner, TIMES).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        some.tuples(BESIDE, inner).map("".join),
    )


def simulated(automaton: Automaton, text: str) -> list[str]:
    """What the tables find, one character at a time."""
    classes = [sum(1 << bit for bit, mask in enumerate(automaton.masks) if mask[ord(c)]) for c in text]
    classes.append(automaton.end)
    found, begin = [], 0
    while begin < len(text):
        state = automaton.first[classes[begin - 1] if begin else automaton.end]
        at, best = begin, -1
        while state:
            now = classes[min(at, len(text))]
            best = at if automaton.accepts[state][now] else best
            state, at = automaton.follow[state][now], at + 1
        if best > begin:
            found.append(text[begin + automaton.before : best - automaton.behind])
        begin = max(begin + 1, best)
    return found


@settings(max_examples=300, deadline=None)
@given(pattern=some.recursive(ATOMS, grown, max_leaves=6), text=some.text("aabbc1é _\n", max_size=14))
def test_tables_find_what_python_finds(pattern: str, text: str) -> None:
    try:
        automaton = compiled(pattern)
    except Untranslatable:
        return
    assert simulated(automaton, text) == re.findall(pattern, text)


@pytest.mark.parametrize("pattern", USUAL)
def test_graphs_find_what_python_finds(pattern: str) -> None:
    told = ["ab abc aabbbcd", "the dog's #tag #x-y", "$3.50 1,000.5 a@b.c isn’t", "", "xy xx ab"]
    rows = np.concatenate([np.array(told * 2, object), strings(300, 5)])
    found = run(lambda x: scanning.found(x, compiled(pattern)), rows)
    for row, tokens in zip(rows, found, strict=True):
        assert [token for token in tokens if token] == re.findall(pattern, row), repr(row)


def test_a_long_word_among_many_costs_no_more_than_its_length() -> None:
    rows = np.array(["a" * 5000, "ab " * 1500], object)
    found = run(lambda x: scanning.found(x, compiled(r"a+|b")), rows)
    assert found[0, 0] == "a" * 5000 and found[1, 2999] == "b"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"a*", "empty"), (r"(a)|(b)", "groups"), (r"(?:(a)b)+", "groups"), (r"a(b)c*", "no fixed length"),
        (r"#(\w*)", "empty"), (r"(?:a*)+", "may be empty"), (r"a(?=bc)", "more than one character"),
        (r"a$", "anchor"), (r"(a)\1", "reference"), (r"(?i)a", "flags"), (r"[ab]{1001}", "1000 repeats"),
        ("[abc]d?e?f?g?h?i?j?k?l?", "classes"),
    ],
)  # fmt: skip
def test_what_no_table_can_do_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(Untranslatable, match=said):
        compiled(pattern)
