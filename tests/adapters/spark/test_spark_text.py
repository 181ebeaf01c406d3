"""Texts taken apart as java.util.regex does it, and statements of SQL read, without Spark."""

from __future__ import annotations

import sys

import numpy as np
import onnxruntime as ort
import pytest
from spox import Tensor, argument, build

from onnxpipe.blocks.language import splitting
from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.core.plan import Stage
from onnxpipe.errors import MissingExtra, Unsupported
from onnxpipe.sql import java_patterns
from onnxpipe.sql.statement import parsed

TEXTS = ["", "a", ",", ",a", "a,", "a,,b", ",,", "a;;b,c", "\U0001f600,é"]
SPLIT = {
    ",": [[""], ["a"], [], ["", "a"], ["a"], ["a", "", "b"], [], ["a;;b", "c"], ["\U0001f600", "é"]],
    "[,;]+": [[""], ["a"], [], ["", "a"], ["a"], ["a", "b"], [], ["a", "b", "c"], ["\U0001f600", "é"]],
    ",|;;": [
        *([[""], ["a"], [], ["", "a"], ["a"], ["a", "", "b"], []]),
        *([["a", "b", "c"], ["\U0001f600", "é"]]),
    ],
    r"\W": [[""], ["a"], [], ["", "a"], ["a"], ["a", "", "b"], [], ["a", "", "b", "c"], []],
}
"""What String.split answers."""


@pytest.mark.parametrize("pattern", SPLIT)
def test_empty_pieces_stay_but_for_those_at_the_end(pattern: str) -> None:
    text = argument(Tensor(str, ("N",)))
    found = splitting.split(text, java_patterns.translated(pattern))
    model = build({"text": text}, {"pieces": found.values, "lengths": found.lengths})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    pieces, lengths = session.run(None, {"text": np.array(TEXTS, object)})
    rows = [row[:n] for row, n in zip(pieces.tolist(), lengths.ravel().tolist(), strict=True)]
    assert rows == SPLIT[pattern]


def test_repeats_of_what_may_be_empty_are_java_s_own() -> None:
    with pytest.raises(Untranslatable, match="may be empty"):
        splitting.split(argument(Tensor(str, ("N",))), java_patterns.translated("(?:a?b?)*c"))


def test_java_s_classes_are_ascii_and_its_quotes_are_text() -> None:
    written = {
        r"\s": {" ", "\t", "\x0b"}, r"\S": {"\xa0", "\u2028"}, r"\w": {"_", "Z"}, r"\W": {"é"},
        r"[^\W\d]": {"a"}, r"\p{Punct}": {"~", "_"}, r"\P{Alpha}": {"é"}, r"\p{Lu}": {"É"},
        r"\Q[\E": {"["}, r"\x41": {"A"}, r"\u00e9": {"é"}, ".": {"\x0c"}, "[]a]": {"]"}, r"[\]-]": {"-"},
    }  # fmt: skip
    for pattern, among in written.items():
        mask = splitting.lone_class(java_patterns.translated(pattern))
        assert mask is not None and all(mask[0][ord(c)] for c in among), pattern
    outside = {r"\s": "\xa0", r"\w": "é", r"\d": "\u0661", ".": "\u2028", r"\p{Alpha}": "é"}
    for pattern, character in outside.items():
        mask = splitting.lone_class(java_patterns.translated(pattern))
        assert mask is not None and not mask[0][ord(character)], pattern


@pytest.mark.parametrize(
    "pattern",
    [
        *("a++", "a{2}+", "a$", r"\bfoo\b", "[a&&b]", "[a[b]]", "(?<n>a)", r"(a)\1", r"\p{IsGreek}", "[a"),
        *("(?i)a", "(?-s:.)"),
    ],
)
def test_what_java_has_its_own_rule_for_is_refused(pattern: str) -> None:
    with pytest.raises(Untranslatable):
        java_patterns.translated(pattern)


def _statement(text: str) -> Stage:
    return Stage("pyspark.ml.feature.SQLTransformer", "SQLTransformer", {"statement": text})


def test_without_sqlglot_the_package_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(MissingExtra) as caught:
        parsed(_statement("SELECT * FROM __THIS__"))
    assert caught.value.remedy == "pip install 'onnxpipe[spark]'"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "SELECT (((",
            "",
            "DROP TABLE x",
            "SELECT * FROM other",
            "SELECT count(1) FROM __THIS__ GROUP BY a",
        ),
        *(
            "SELECT * FROM __THIS__ JOIN b",
            "SELECT * FROM __THIS__ LIMIT 3",
            "SELECT DISTINCT a FROM __THIS__",
        ),
        "SELECT try_cast(a AS int) AS b FROM __THIS__",
    ],
)
def test_statements_over_more_than_each_row_are_refused(text: str) -> None:
    with pytest.raises(Unsupported):
        parsed(_statement(text))
