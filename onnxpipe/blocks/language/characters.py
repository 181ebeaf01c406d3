"""Text respelled character by character, by tables taken from Python's own character database.

Python lower-cases and strips accents by Unicode's full rules; the operators of runtimes follow the
C library's or RE2's tables, which differ (``İ``, final sigma, newer scripts). So a graph carries the
table of what Python does to each character, and splits, maps and joins.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from onnxpipe.blocks.contrib import code_points, matches
from onnxpipe.blocks.regex.masks import Mask, ranges
from onnxpipe.core.loops import repeated
from onnxpipe.core.ops import Var, batch_size, cast, const, ml, op

SIGMA, FINAL_SIGMA = "\N{GREEK CAPITAL LETTER SIGMA}", "\N{GREEK SMALL LETTER FINAL SIGMA}"
SMALL_SIGMAS = frozenset((FINAL_SIGMA, "\N{GREEK SMALL LETTER SIGMA}"))

_NEUTRAL, _CASED, _IGNORABLE = 0, 1, 2
_RADIX = 8
"""How many pieces one round of a join puts together."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How text is respelled: lower- or upper-cased, and its accents stripped ("", "ascii" or "unicode").

    ``sigma``: whether it matters that a capital sigma ends a word in another letter.
    """

    lower: bool = True
    accents: str = ""
    sigma: bool = True
    upper: bool = False

    def __call__(self, character: str) -> str:
        """One character respelled, as if it stood alone."""
        text = character.lower() if self.lower else character.upper() if self.upper else character
        if not self.accents or text.isascii():
            return text
        text = unicodedata.normalize("NFKD", text)
        kept = str.isascii if self.accents == "ascii" else _is_base
        return "".join(c for c in text if kept(c))

    @property
    def is_identity(self) -> bool:
        return not self.lower and not self.upper and not self.accents

    @property
    def follows_sigma(self) -> bool:
        return self.lower and self.sigma and self.accents != "ascii"


def _is_base(character: str) -> bool:
    return not unicodedata.combining(character)


@cache
def alphabet() -> tuple[str, ...]:
    """The characters that case and accents can concern: planes 0 to 2 and the tags of plane 14."""
    points = (range(0xD800), range(0xE000, 0x30000), range(0xE0000, 0xE0200))
    return tuple(chr(point) for part in points for point in part)


class _Table(NamedTuple):
    """What becomes of the characters that change, and which code points stay as they are.

    Those in neither vanish.
    """

    changed: dict[str, str]
    stay: Mask


@cache
def _table(spelling: Spelling) -> _Table:
    images = ((c, spelling(c)) for c in alphabet())
    changed = {c: image for c, image in images if image != c}
    stay: Mask = np.arange(sys.maxunicode + 1) < (128 if spelling.accents == "ascii" else sys.maxunicode + 1)
    stay[_points(changed)] = False
    return _Table({c: image for c, image in changed.items() if image or spelling.follows_sigma}, stay)


def _points(characters: Iterable[str]) -> list[int]:
    return [ord(character) for character in characters]


@cache
def _cases() -> dict[str, int]:
    """The characters that the rule for a final sigma looks through, and those that it looks for.

    Unicode 3.13, as Python follows it: asked of Python itself, by what it does to a sigma after them.
    """
    ends = (c + SIGMA for c in alphabet())
    cased = {end[0] for end in ends if end.lower()[-1] == FINAL_SIGMA}
    seen_through = {c for c in alphabet() if f"a{c}{SIGMA}".lower()[-1] == FINAL_SIGMA} - cased
    return dict.fromkeys(sorted(cased), _CASED) | dict.fromkeys(sorted(seen_through), _IGNORABLE)


def respelled(text: Var, spelling: Spelling) -> Var:
    """``text`` ``[N]`` (at least one of them not empty) respelled, ``[N]``.

    ASCII takes a short way: there is nothing to it but lower case, which every C library knows. The long
    way, character by character, is only for texts with a capital sigma in them.
    """
    if spelling.is_identity:
        return text

    def pieced() -> Var:
        return joined(_pieces(text, spelling))

    def careful() -> Var:
        return joined(_with_final_sigmas(code_points(text), spelling))

    def other() -> Var:
        return (
            _either(_some(text, f"(?s).*{SIGMA}.*"), careful, pieced) if spelling.follows_sigma else pieced()
        )

    return _either(_some(text, r"(?s).*[^\x00-\x7f].*"), other, lambda: _plain(text, spelling))


def fully_respelled(text: Var, spelling: Spelling) -> Var:
    """``text`` ``[N]`` (none of them empty, at least one) respelled character by character, ``[N]``."""
    if spelling.follows_sigma:
        return joined(_with_final_sigmas(code_points(text), spelling))
    return joined(_pieces(text, spelling))


def cased_and_ignorable() -> tuple[list[str], list[str]]:
    """The characters that make a sigma beside them a final one or not, and those that it looks through."""
    cases = _cases()
    return [c for c in cases if cases[c] == _CASED], [c for c in cases if cases[c] == _IGNORABLE]


def _some(text: Var, pattern: str) -> Var:
    """bool scalar: whether an RE2 pattern matches one of the texts."""
    found = cast(op.regex_full_match(text, pattern=pattern), np.int64)
    return cast(op.reduce_max(found, keepdims=0), np.bool_)


def _either(condition: Var, yes: Callable[[], Var], no: Callable[[], Var]) -> Var:
    (result,) = op.if_(condition, then_branch=lambda: [yes()], else_branch=lambda: [no()])
    return result


def _plain(text: Var, spelling: Spelling) -> Var:
    """ASCII respelled; the C locale is everywhere."""
    if spelling.upper:
        return op.string_normalizer(text, case_change_action="UPPER", is_case_sensitive=1, locale="C")
    return lower(text) if spelling.lower else op.identity(text)


def lower(text: Var) -> Var:
    """``text`` ``[N]`` (at least one of them not empty) with ASCII's capitals made small."""
    return op.string_normalizer(text, case_change_action="LOWER", is_case_sensitive=1, locale="C")


def _pieces(text: Var, spelling: Spelling) -> Var:
    """The characters that change, each respelled, and the runs of others between them: ``[N, L]``."""
    changed, stay = _table(spelling)
    kept = {c: image for c, image in changed.items() if image}
    return replaced(matches(text, f"[{ranges(mask_of(kept))}]|[{ranges(stay)}]+"), kept)


def mask_of(characters: Iterable[str]) -> Mask:
    """The code points of some characters."""
    mask: Mask = np.zeros(sys.maxunicode + 1, np.bool_)
    mask[_points(characters)] = True
    return mask


def replaced(pieces: Var, images: Mapping[str, str]) -> Var:
    """The pieces of text, of any shape, those that have an image replaced by it."""
    return _replaced(pieces, _codes(pieces, list(images)), list(images.values()))


def _with_final_sigmas(characters: Var, spelling: Spelling) -> Var:
    """``characters`` ``[N, L]`` respelled, a capital sigma as it is where a word ends."""
    changed, cases = _table(spelling).changed, _cases()
    keys = [*changed, *(c for c in cases if c not in changed)]
    codes = _codes(characters, keys)
    kinds = op.gather(const([*(cases.get(c, _NEUTRAL) for c in keys), _NEUTRAL], np.int64), codes, axis=0)
    small = _replaced(characters, codes, [changed.get(c, c) for c in keys])
    final = op.and_(op.equal(codes, const(keys.index(SIGMA))), _ends_word(kinds))
    return op.where(final, const(FINAL_SIGMA), small)


def _codes(characters: Var, keys: list[str]) -> Var:
    return ml.label_encoder(characters, keys_strings=keys, values_int64s=range(len(keys)), default_int64=-1)


def _replaced(characters: Var, codes: Var, images: list[str]) -> Var:
    """The image of each code; characters of code -1 stay."""
    known = op.greater_or_equal(codes, const(0))
    return op.where(known, op.gather(const(np.array([*images, ""], object)), codes, axis=0), characters)


def _ends_word(kinds: Var) -> Var:
    """bool ``[N, L]``: the nearest character before is cased and the nearest one after isn't, ignorable
    ones not counting.
    """
    solid = cast(op.not_(op.equal(kinds, const(_IGNORABLE))), np.int64)
    rank = op.cumsum(solid, const(1))
    none = op.expand(const(0), op.add(op.shape(kinds), const([0, 2])))
    # Slot r tells whether the r-th solid character is cased; slot 0 and those past the end stay 0.
    is_cased = cast(op.equal(kinds, const(_CASED)), np.int64)
    cased = op.scatter_elements(none, rank, is_cased, axis=1, reduction="add")
    before = op.gather_elements(cased, op.sub(rank, const(1)), axis=1)
    after = op.gather_elements(cased, op.add(rank, const(1)), axis=1)
    return op.greater(before, after)


def joined(pieces: Var) -> Var:
    """The pieces ``[N, L]`` of each row as one text, ``[N]``; L is at least 1."""
    blanks = np.full((1, _RADIX - 1), "")

    def step(state: Var) -> tuple[Var, Var]:
        width = op.shape(state, start=1)
        sizes = op.concat([batch_size(state), const([_RADIX - 1])], axis=0)
        full = op.concat([state, op.expand(const(blanks), sizes)], axis=1)
        shares = [
            op.slice(full, const([i]), op.add(width, const([i])), const([1]), const([_RADIX]))
            for i in range(_RADIX)
        ]
        more = op.greater(op.squeeze(width), const(_RADIX))
        return concatenated(shares), more

    return op.reshape(repeated(pieces, 64, step), const([-1]))


def concatenated(parts: list[Var]) -> Var:
    """The parts one after the other, in pairs, so that few long texts are made."""
    while len(parts) > 1:
        parts = [op.string_concat(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]
