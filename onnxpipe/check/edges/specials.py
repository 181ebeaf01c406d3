"""Values that pipelines trip over, by dtype."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from onnxpipe.core.signature import numpy_dtype

TEXTS = (
    "",
    " ",
    "onnxpipe-unseen",
    "Zoë",
    unicodedata.normalize("NFD", "Zoë"),
    "STRASSE straße",
    "İstanbul ı",
    "日本語 テスト",
    "שלום עולם",
    "اللُّغَةُ \u202eمعكوس\u202c",
    "Z\u0351\u036b\u0343a\u0327\u0323l\u0334go",
    "👩‍👩‍👧 emoji",
    "zero\u200bwidth",
    "tab\tnew\nline",
    "nan",
    "1e3",
    "a" * 2000,
    "one two " * 500,
)
"""Empty, unseen, composed and decomposed, case pairs of unequal length, scripts without case or spaces,
written from the right or turned round, letters under many marks."""

_TURNS = tuple(turn for bits in (7, 8, 15, 16, 31, 32) for turn in (2**bits - 1, 2**bits))
_TURNS += (2**24 + 1, 2**53 + 1)
"""Where a narrower integer turns over, and the first that float32 and float64 can't tell from others."""


def specials(dtype: str) -> tuple[Any, ...]:
    """The special values of a signature dtype."""
    if dtype == "string":
        return TEXTS
    kind = numpy_dtype(dtype)
    if kind.kind == "f":
        info = np.finfo(kind)
        # Squares of these still fit: where arithmetic overflows, no two libraries agree on the order.
        huge = 1e30 if kind == np.float64 else 1e15
        tiny = float(info.smallest_subnormal)
        return (np.nan, np.inf, -np.inf, 0.0, -0.0, tiny, -tiny, huge, -huge)
    if kind.kind == "b":
        return (False, True)
    limits = np.iinfo(kind)
    tried = dict.fromkeys((0, 1, -1, *_TURNS, limits.max, limits.min))
    return tuple(value for value in tried if limits.min <= value <= limits.max)


def variants(text: str) -> tuple[str, ...]:
    """A known text and its near misses: case, spaces, the other Unicode form."""
    forms = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    return tuple(dict.fromkeys((text, text.upper(), text.lower(), f" {text}", f"{text} ", *forms)))
