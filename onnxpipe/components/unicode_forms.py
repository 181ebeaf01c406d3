"""The tables of Unicode's normal forms: of Python's own database, or asked of ``tokenizers``."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

from onnxpipe.blocks.language.characters import alphabet
from onnxpipe.blocks.language.normal_forms import NormalForm
from onnxpipe.components.bert_letters import MARK, every, library
from onnxpipe.errors import BadManifest

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
_Ask = Callable[[str, Sequence[str]], Sequence[str]]
"""Texts in a form."""
_LOWEST, _HIGHEST = "\N{COMBINING TILDE OVERLAY}", "\N{COMBINING GREEK YPOGEGRAMMENI}"
"""Marks of the classes 1 and 240, which all others stand behind or before."""


@cache
def python_form(form: str) -> NormalForm:
    """As ``unicodedata.normalize``, under the version of Unicode that this Python has."""

    def ask(name: str, texts: Sequence[str]) -> Sequence[str]:
        return [unicodedata.normalize(name, text) for text in texts]  # type: ignore[arg-type]

    return _tables(form, ask, alphabet())


@cache
def tokenizers_form(form: str) -> NormalForm:
    """As the normalizer of that name of ``tokenizers``, whose Unicode is another than Python's."""

    def ask(name: str, texts: Sequence[str]) -> Sequence[str]:
        normalizer = getattr(library().normalizers, name)()
        found: list[str] = normalizer.normalize_str(MARK.join(texts)).split(MARK)
        return found

    return _tables(form, ask, every())


def _tables(form: str, ask: _Ask, characters: Sequence[str]) -> NormalForm:
    apart = ask(form.replace("C", "D"), characters)
    composed = dict(zip(characters, ask("NFC", characters), strict=True))
    pairs = _pairs(ask, composed) if form.endswith("C") else {}
    syllables = {c for c in composed if pairs and "\uac00" <= c <= "\ud7a3"}
    images = {c: d for c, d in zip(characters, apart, strict=True) if d != c and c not in syllables}
    return NormalForm(images, _classes(ask, characters), pairs)


def _pairs(ask: _Ask, composed: dict[str, str]) -> dict[tuple[str, str], str]:
    """What two characters become one: the last of what one comes apart into, and all before it composed."""
    whole = [c for c, image in composed.items() if image == c]
    apart = [(c, d) for c, d in zip(whole, ask("NFD", whole), strict=True) if len(d) > 1]
    firsts = ask("NFC", [d[:-1] for _, d in apart])
    found = {(a, d[-1]): c for (c, d), a in zip(apart, firsts, strict=True) if len(a) == 1}
    again = ask("NFC", ["".join(pair) for pair in found])
    return {pair: c for (pair, c), made in zip(found.items(), again, strict=True) if made == c}


def _classes(ask: _Ask, characters: Sequence[str]) -> dict[str, int]:
    """The classes of marks, which no version of Unicode changes; marks are what changes places with marks."""
    single = [c for c, d in zip(characters, ask("NFD", characters), strict=True) if c == d]
    behind = ask("NFD", [f"a{c}{_LOWEST}" for c in single])
    before = ask("NFD", [f"a{_HIGHEST}{c}" for c in single])
    told = zip(single, behind, before, strict=True)
    moved = [c for c, b, f in told if b != f"a{c}{_LOWEST}" or f != f"a{_HIGHEST}{c}"]
    found = {c: unicodedata.combining(c) for c in (*moved, _LOWEST, _HIGHEST)}
    if newer := [c for c, kind in found.items() if not kind]:
        raise BadManifest(
            f"Python doesn't know U+{ord(newer[0]):04X}, which the tokenizer's Unicode does",
            remedy="Stitch with a newer Python.",
        )
    return found
