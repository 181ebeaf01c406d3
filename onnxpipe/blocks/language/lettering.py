"""Texts made ready for WordPiece: characters respelled, and blanks around those that stand alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onnxpipe.blocks.contrib import matches
from onnxpipe.blocks.language.characters import joined, mask_of, replaced
from onnxpipe.blocks.regex.masks import Mask, ranges
from onnxpipe.core.ops import Var, const, op


@dataclass(frozen=True, slots=True)
class Lettering:
    """What becomes of each character: its image, itself between blanks (``alone``) or itself (``stay``).

    Those in none vanish. ``words`` are passed on between blanks wherever they stand, the longest of several.
    """

    images: Mapping[str, str]
    alone: Mask
    stay: Mask
    words: Sequence[str] = ()


def lettered(texts: Var, letters: Lettering) -> Var:
    """``texts`` ``[N]`` (at least one of them not empty) respelled, ``[N]``, words between blanks."""
    single = ranges(letters.alone | mask_of(letters.images))
    found = matches(
        texts, "|".join([*map(_quoted, letters.words), f"[{single}]", f"[{ranges(letters.stay)}]+"])
    )
    apart = op.regex_full_match(
        found, pattern="|".join([*map(_quoted, letters.words), f"[{ranges(letters.alone)}]"])
    )
    blank = op.where(apart, const(" "), const(""))
    spaced = op.string_concat(op.string_concat(blank, replaced(found, letters.images)), blank)
    return joined(spaced)


def hold(texts: Var, words: Sequence[str]) -> Var:
    """bool ``[N]``: which of ``texts`` hold one of these words."""
    return op.regex_full_match(texts, pattern=f"(?s).*(?:{'|'.join(map(_quoted, words))}).*")


def with_two_of(texts: Var, mask: Mask) -> Var:
    """bool ``[N]``: which of ``texts`` hold two of these characters or more."""
    one = f"[{ranges(mask)}]"
    return op.regex_full_match(texts, pattern=f"(?s).*{one}.*{one}.*")


def _quoted(word: str) -> str:
    """A text as the RE2 pattern that matches it."""
    return re.sub(r"[^\w]", lambda found: f"\\x{{{ord(found[0]):x}}}", word)
