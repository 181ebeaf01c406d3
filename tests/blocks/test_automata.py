"""Automata against Python's own ``findall``: any pattern that is taken finds the same in any text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from onnxpipe.blocks.regex import scanning
from onnxpipe.blocks.regex.automata import Automaton, compiled
from onnxpipe.blocks.regex.masks import Untranslatable
from tests.blocks.test_text import run, strings

USUAL = (
    *(r"a|bc", r"ab|abc", r"(?:a|ab)(?:c|bcd)(?:d*)", r"(?u)\b\w\w+\b|!|\?|\"|\'", r"\w+|\$[\d\.]+|\S+"),
    *(r"#(\w+)", r"(\w+)'s", r"a+?b", r"\w+?\b", r"(?:ab)+", r"\b\w[\w']+\b", r"\d+(?:[.,]\d+)*", r"\Aab"),
    *(r"b\Z", r"\Bb\w", r"a{2,3}?b?", r"(?:a|b)*?c", r"[a-c]{2,4}[b-d]", r"x(?!y)", r"(?<=#)\w+"),
    *(r"\w+@\w+\.\w+", r"[^\W\d_]+(?:['’]\w+)?"),
    *(r"\w+$", r"^\w+", r"(?m)^\w+$", r"(?i)ab|[c-e]+", r"(?a)\b\w+\b", r"\w+(?=\s+\w)"),
    *(r"(?<=the )\w+", r"a(?!b.*c)\w*", r"<(\w+)[^>]*>", r"(?:(\w)-?)+ ", r"\b(\w+)\s*(?:#|$)"),
    *(r"(?:a?b?)*c", r"(?:|a)+b", r"(?s)b.+", r"\w+(?=(?!.*b).*$)"),
)
ATOMS = some.sampled_from(["a", "b", "[ab]", "[^a]", r"\w", r"\d", r"\s", ".", r"\S", "é", r"\W"])
BESIDE = some.sampled_from(
    [
        *(r"\b", r"\B", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", r"\A", r"\Z", "^", "$", "(?<=ab)", "(?<!a1)"),
        "(?m:^)",
    ]
)
TIMES = some.sampled_from(["+", "*", "?", "{1,2}", "{2}", "+?", "*?", "??", "{1,3}?"])


LOOK = some.sampled_from(["(?=", "(?!"])
FLAGS = some.sampled_from(["", "", "(?i)", "(?a)", "(?s)", "(?m)", "(?ims)", "(?ia)", "(?u)", "(?x)"])


def grown(inner: Any) -> Any:
    return some.one_of(
        some.tuples(inner, inner).map("".join),
        some.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        some.tuples(inner, TIMES).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        some.tuples(LOOK, inner, inner).map(lambda three: f"{three[0]}{three[1]}){three[2]}"),
        some.tuples(inner, BESIDE).map("".join),
        some.tuples(some.sampled_from(["(?i:", "(?s:", "(?m:", "(?i-s:"]), inner).map(
            lambda p: f"{p[0]}{p[1]})"
        ),
        some.tuples(BESIDE, inner).map("".join),
    )


def symbols(automaton: Automaton, text: str) -> list[int]:
    """The symbol at each place of a text, its end at last."""
    letters = automaton.alphabet
    bits = (sum(1 << bit for bit, mask in enumerate(letters.masks) if mask[ord(c)]) for c in text)
    classes = [*(int(letters.numbers[each]) for each in bits), letters.end]
    befores, read = [letters.end, *classes[:-1]], list(classes)
    for number, sight in enumerate(automaton.looks):
        state, found = 0, [False] * len(read)
        for at in reversed(range(len(read))):
            before = befores[at] if sight.follow.shape[1] > 1 else 0
            found[at] = bool(sight.holds[state, before, read[at]])
            state = int(sight.follow[state, before, read[at]])
        found = ([False] * sight.back + found)[: len(read)]
        read = [each + (letters.size * 2**number) * hit for each, hit in zip(read, found, strict=True)]
    return read


def simulated(automaton: Automaton, text: str) -> list[str]:
    """What the tables find, one character at a time."""
    read, marks = symbols(automaton, text), automaton.marks
    tokens, begin = [], 0
    while begin < len(text):
        state = automaton.first[read[begin - 1] if begin else automaton.alphabet.end]
        at, best, held, token = begin, -1, np.zeros(0, int), (0, 0)
        while state:
            now = read[min(at, len(text))]
            if marks is not None:
                pool = np.append(np.resize(held, 2 * marks.threads), at)
                held = pool[marks.sources[state, now]]
            if automaton.accepts[state][now]:
                best, token = at, (begin + automaton.before, at - automaton.behind)
                token = token if marks is None else tuple(pool[marks.found[state, now]])
            state, at = automaton.follow[state][now], at + 1
        if best > begin:
            tokens.append(text[slice(*token)])
        begin = max(begin + 1, best)
    return tokens


@settings(max_examples=150, deadline=None)
@given(
    flags=FLAGS,
    parts=some.lists(some.recursive(ATOMS, grown, max_leaves=6), min_size=3, max_size=3),
    grouped=some.booleans(),
    text=some.text("aAabBbcı1éÉ _\nßſſK😀漢", max_size=14),
)
def test_tables_find_what_python_finds(flags: str, parts: list[str], grouped: bool, text: str) -> None:
    pattern = f"{flags}{parts[0]}({parts[1]}){parts[2]}" if grouped else flags + parts[0]
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
        (r"a*", "empty"), (r"(a)|(b)", "groups"), (r"(a)|b", "leave out"), (r"#(\w*)", "leave out"),
        (r"(?:(a)b)?c", "leave out"), (r"(?=(a))\w", "leave out"), (r"(a)\1", "reference"),
        (r"(?P<q>a)(?(q)b|c)", "choice by a group"), (r"[ab]{1001}", "1000 repeats"), (r"$", "empty"),
        (r"(?=ab)a|(?=ac)a|(?=ad)a|(?=ae)a|(?=af)a", "4 looks"), ("(?<=a+)b", "behind"),
        ("[abc]d?e?f?g?h?i?j?k?l?m?n?o?p?", "classes"), (r"(?:a|b)*a(?:a|b){12}", "too many"),
        ("(?<=a+", "mistake"), (r"x(?a:\W)", "group alone"),
    ],
)  # fmt: skip
def test_what_no_table_can_do_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(Untranslatable, match=said):
        compiled(pattern)
