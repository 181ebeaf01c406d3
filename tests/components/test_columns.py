"""Components for single columns answer as numpy does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnxpipe.errors import BadManifest
from tests.components.test_components import answers

X = np.array([[-2.5, 0.0, np.nan], [1.0, 2.0, np.inf], [-np.inf, 0.5, np.nextafter(1, 2)]])
WORDS = np.array([["a", "ç"], ["", "A"]], dtype=object)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_numbers(dtype: str) -> None:
    x = X.astype(dtype)
    np.testing.assert_array_equal(
        answers("fill", x, by="7")["value"], np.where(np.isnan(x), x.dtype.type(7), x)
    )
    got = answers("clip", x, low=-1, high=1)["value"]
    np.testing.assert_array_equal(got, np.clip(x, -1, 1))
    assert got.dtype == dtype
    for right in (False, True):
        got = answers("bin", x, edges="0|1|1|2", right=right)["bin"]
        np.testing.assert_array_equal(got, np.digitize(x, [0, 1, 1, 2], right))


@pytest.mark.parametrize(
    ("component", "given"), [("fill", {"by": "7"}), ("clip", {"low": 0}), ("bin", {"edges": "0|1"})]
)
def test_no_rows_stay_none(component: str, given: dict[str, Any]) -> None:
    (got,) = answers(component, X[:0], **given).values()
    assert got.shape == (0, 3)


def test_whole_numbers() -> None:
    x = np.array([[1, 2, 3]])
    np.testing.assert_array_equal(answers("clip", x, low=2)["value"], [[2.0, 2.0, 3.0]])
    np.testing.assert_array_equal(answers("bin", x, edges=[2])["bin"], [[0, 1, 1]])


def test_text(tmp_path: Path) -> None:
    assert answers("fill", WORDS, width=2, by="?")["value"].tolist() == [["a", "ç"], ["?", "A"]]
    assert answers("lookup", WORDS, width=2, classes="a|b|ç")["index"].tolist() == [[0, 2], [-1, -1]]
    (tmp_path / "words.txt").write_text("[UNK]\nç\na\n", encoding="utf-8")
    got = answers("lookup", WORDS, width=2, file=str(tmp_path / "words.txt"), unknown=0)["index"]
    assert got.tolist() == [[2, 1], [0, 0]]
    assert got.dtype == np.int64


@pytest.mark.parametrize(
    ("component", "values", "given", "says"),
    [
        ("fill", X, {"by": "x"}, "by can't be 'x'"),
        ("clip", X, {"low": 2, "high": 1}, "above high"),
        ("clip", X, {"hihg": 1}, "no parameter hihg"),
        ("bin", X, {"edges": "1|0"}, "ascending"),
        ("bin", WORDS, {"edges": "1"}, "not text"),
        ("lookup", X, {"classes": "a"}, "takes text"),
        ("lookup", WORDS, {}, "needs classes"),
        ("lookup", WORDS, {"classes": "a|a"}, "twice"),
    ],
)
def test_what_is_refused(component: str, values: Any, given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadManifest, match=says):
        answers(component, values, **given)
