"""What normalizers and BERT's pre-tokenizer of ``tokenizers`` do to each character, asked of the library.

Its tables are of several versions of Unicode (Rust's, and those of two packages), none of them Python's.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from onnxpipe.blocks.language.characters import mask_of
from onnxpipe.blocks.language.lettering import Lettering
from onnxpipe.blocks.regex.masks import Mask
from onnxpipe.errors import MissingExtra

MARK = "\N{SYMBOL FOR UNIT SEPARATOR}"
"""Parts the characters that are asked about in one call; no character becomes it but itself."""
_ASKED = (range(0xD800), range(0xE000, 0x34000), range(0xE0000, 0xE0200))
_ALIKE = {
    0x33FFF: range(0x34000, 0xE0000),
    0xE01FF: range(0xE0200, 0xF0000),
    0xF0000: range(0xF0001, 0x110000),
}
"""Code points without characters, and those for private use: all as the one that is asked about."""


def library() -> Any:
    """The package ``tokenizers``. Raises MissingExtra without it."""
    try:
        import tokenizers
    except ModuleNotFoundError:
        raise MissingExtra("tokenizers", "extensions") from None
    return tokenizers


@cache
def every() -> tuple[str, ...]:
    points = (point for part in (*_ASKED, tuple(_ALIKE)) for point in part)
    return tuple(dict.fromkeys(c for c in map(chr, points) if c != MARK))


def _whole(characters: Iterable[str]) -> Mask:
    """The code points of characters, and those that are like them."""
    mask = mask_of(characters)
    for asked, others in _ALIKE.items():
        mask[others.start : others.stop] = mask[asked]
    return mask


def lettering(normalizer: Mapping[str, Any] | None, words: tuple[str, ...]) -> Lettering:
    """How texts come to WordPiece through a normalizer (JSON; None: none) and ``BertPreTokenizer``."""
    return replace(_lettering(json.dumps(normalizer)), words=words)


@cache
def _lettering(normalizer: str) -> Lettering:
    spelled = _normalised(normalizer)
    space, alone = _classes()
    images: dict[str, str] = {}
    lonely, stay = [], []
    for c, image in zip(every(), spelled, strict=True):
        made = "".join(_spaced(each, space, alone) for each in image)
        if made == c:
            stay.append(c)
        elif made.split() == [c]:
            lonely.append(c)
        elif made:
            images[c] = made
    return Lettering(images, _whole(lonely), _whole([*stay, MARK]))


def _spaced(c: str, space: Mask, alone: Mask) -> str:
    return " " if space[ord(c)] else f" {c} " if alone[ord(c)] else c


def _normalised(normalizer: str) -> tuple[str, ...]:
    """Every character as the normalizer makes it, standing alone."""
    if normalizer == "null":
        return every()
    tokenizer = library().Tokenizer.from_str(
        json.dumps(
            {
                "normalizer": json.loads(normalizer),
                "model": {"type": "WordLevel", "vocab": {}, "unk_token": ""},
            }
        )
    )
    return tuple(tokenizer.normalizer.normalize_str(MARK.join(every())).split(MARK))


@cache
def _classes() -> tuple[Mask, Mask]:
    """The characters that part words, and those that are words of their own."""
    split = library().pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    between = "a" + "a".join(every()) + "a"
    space: Mask = np.ones(sys.maxunicode + 1, np.bool_)
    alone = np.zeros_like(space)
    for piece, _ in split(between):
        space[list(map(ord, piece))] = False
        if len(piece) == 1 and piece != "a":
            alone[ord(piece)] = True
    return space, alone


@cache
def reordered() -> Mask:
    """The characters that stripping accents leaves and decomposing may put in another order."""
    kept = (c for c in every() if unicodedata.combining(c) and unicodedata.category(c) != "Mn")
    return mask_of(kept)
