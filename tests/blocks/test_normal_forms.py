"""Unicode's normal forms in a graph are those of Python and of ``tokenizers``, which have other tables."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import spox
from tokenizers import normalizers

from onnxpipe.blocks.language.normal_forms import normalised
from onnxpipe.components import unicode_forms
from onnxpipe.core.ops import Tensor, argument
from onnxpipe.errors import BadManifest
from tests.components.test_components import answers
from tests.components.test_tokenizing import TEXTS
from tests.harness import open_session

MARKS = [chr(point) for point in range(0x110000) if unicodedata.combining(chr(point))]
BLOCKS = ((0, 0x250), (0x900, 0xE00), (0x1100, 0x1200), (0x1E00, 0x2000), (0xAC00, 0xAC60), (0xF900, 0xFB50))


def stacked(count: int) -> list[str]:
    """Texts of letters, jamo and syllables under many marks in any order."""
    rng = random.Random(1)
    letters = [chr(point) for block in BLOCKS for point in range(*block) if point]

    def character() -> str:
        return rng.choice(MARKS if rng.random() < 0.5 else letters)

    return ["".join(character() for _ in range(rng.randint(1, 8))) for _ in range(count)]


def of_python(form: str) -> tuple[Any, Callable[[str], str]]:
    return unicode_forms.python_form(form), lambda text: unicodedata.normalize(form, text)  # type: ignore[arg-type]


def of_tokenizers(form: str) -> tuple[Any, Callable[[str], str]]:
    return unicode_forms.tokenizers_form(form), getattr(normalizers, form)().normalize_str


@pytest.mark.parametrize("form", unicode_forms.FORMS)
@pytest.mark.parametrize("source", [of_python, of_tokenizers])
def test_forms(source: Callable[[str], tuple[Any, Callable[[str], str]]], form: str) -> None:
    tables, native = source(form)
    x = argument(Tensor(np.str_, ("N",)))
    session = open_session(spox.build({"x": x}, {"y": normalised(x, tables)}))
    texts = [*TEXTS, *stacked(1500), *tables.images]
    expected = [native(text) for text in texts]
    assert sum(a != b for a, b in zip(texts, expected, strict=True)) > 1000
    assert session.run(None, {"x": np.array(texts, object)})[0].tolist() == expected
    for few in ([], [""], ["plain"], ["e\u0301", ""]):
        assert session.run(None, {"x": np.array(few, object)})[0].tolist() == [native(text) for text in few]


def test_texts_are_brought_to_a_form_before_they_are_made_small() -> None:
    texts = np.array(["\u212b ﬁ", "A\u030a", "ΣΑΣ"], object)
    got = answers("normalise", texts, form="nfkc")["value"].tolist()
    assert got == [unicodedata.normalize("NFKC", text).lower() for text in texts]
    kept = answers("normalise", texts, form="NFD", lower="no")["value"].tolist()
    assert kept == [unicodedata.normalize("NFD", text) for text in texts]
    with pytest.raises(BadManifest, match="form can't be 'NFX'"):
        answers("normalise", texts, form="nfx")
