"""Words looked up in whatever capitals they are written, where only ASCII's were made small.

Respelling text character by character takes many times as long as finding its words. But a vocabulary is
known: it may as well hold its words as they are with capitals outside ASCII. Texts in which a word may stand
that is in no such list, or whose sigmas hang on what is beside a word, are respelled all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from math import prod
from typing import NamedTuple

from onnxpipe.blocks.contrib import matches
from onnxpipe.blocks.language.characters import (
    SIGMA,
    SMALL_SIGMAS,
    Spelling,
    alphabet,
    cased_and_ignorable,
    fully_respelled,
    lower,
    mask_of,
)
from onnxpipe.blocks.regex.masks import Mask, named_class, ranges
from onnxpipe.core.ops import Var, const, op

DOTTED = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"
"""The one letter that becomes two, and the second, a combining dot, is in no word."""
_DOT = "\N{COMBINING DOT ABOVE}"
_MANY = 4096
"""So many ways to write the words of a vocabulary are listed in full."""


class Written(NamedTuple):
    """How the words of a vocabulary may be written, and what each way stands for.

    ``uncertain`` matches (RE2) texts that may hold other ways, None where there are none; ``dotted`` says
    that the letter ``DOTTED`` is in some of the ways.
    """

    ways: dict[str, str]
    uncertain: str | None = None
    sigma: bool = False
    dotted: bool = False


def written(words: Sequence[str]) -> Written:
    """Every way to write the words in small and capital letters outside ASCII; of many, the usual ones."""
    small = [word for word in words if word == word.lower()]
    sigma = any(SMALL_SIGMAS & set(word) for word in small)
    patterns = _beside_words() if sigma else []
    in_full = len(small) <= _MANY and sum(prod(len(_letters(c)) for c in word) for word in small) <= _MANY
    if not in_full:
        patterns += _unusual(set("".join(small)))
    ways = {way: word for word in small for way in (_every(word) if in_full else _usual(word))}
    return Written(ways, f"(?s).*(?:{'|'.join(patterns)}).*" if patterns else None, sigma, in_full)


def found(text: Var, vocabulary: Written, shortest: int) -> Var:
    """The words of ``shortest`` letters and more in ``text`` ``[N]`` (at least one of them not empty), as
    they may be written: ``[N, T]``, padded on the right.
    """
    every, dotted = named_class(r"\w"), mask_of(DOTTED)
    pattern = f"{_class(every)}{{{shortest},}}"
    if vocabulary.dotted:  # ends a word
        letters = _class(every & ~dotted)
        pattern = f"{letters}{{{shortest - 1},}}{_class(dotted)}|{letters}{{{shortest},}}"
    return matches(_lowered(text, vocabulary), pattern)


def _lowered(text: Var, vocabulary: Written) -> Var:
    """``text`` ``[N]`` with ASCII in small letters, and uncertain texts wholly."""
    if vocabulary.uncertain is None:
        return lower(text)
    uncertain = op.regex_full_match(text, pattern=vocabulary.uncertain)

    def respelled() -> list[Var]:
        places = op.squeeze(op.non_zero(uncertain), const([0]))
        rows = fully_respelled(op.compress(text, uncertain, axis=0), Spelling(sigma=vocabulary.sigma))
        return [op.scatter_elements(lower(text), places, rows, axis=0)]

    some = op.reduce_max(uncertain, keepdims=0)
    (result,) = op.if_(some, then_branch=respelled, else_branch=lambda: [lower(text)])
    return result


@cache
def _capitals() -> dict[str, list[str]]:
    """The capitals outside ASCII of each letter; both small sigmas have the same one."""
    found: dict[str, list[str]] = defaultdict(list)
    for letter in alphabet():
        if not letter.isascii() and letter not in (letter.lower(), DOTTED):
            found[letter.lower()].append(letter)
    return {**found, **{sigma: [SIGMA] for sigma in SMALL_SIGMAS}}


def _letters(letter: str) -> list[str]:
    return [letter, *_capitals().get(letter, ())]


def _every(word: str) -> Iterator[str]:
    """Every way to write a word: what Python makes the word of, on its own."""
    plain = word.isascii() and "k" not in word  # whose sign for Kelvin is a letter of its own
    ways = [word] if plain else list(map("".join, product(*map(_letters, word))))
    yield from (way for way in ways if way.lower() == word)
    if word.endswith("i"):
        cut = [way[:-1] + DOTTED for way in ways if way[-1] == "i"]
        yield from (way for way in cut if way.lower() == word + _DOT)


def _usual(word: str) -> Iterator[str]:
    """A word small, in capitals, and with its first letter that has one in a capital."""
    if word.isascii():
        yield word
        return
    capitals = [_capital(c) or c for c in word]
    first = next((i for i, c in enumerate(word) if _capital(c)), len(word))
    title = word[:first] + "".join(capitals[first : first + 1]) + word[first + 1 :]
    ways = dict.fromkeys((word, title, "".join(capitals)))
    yield from (way for way in ways if way.lower() == word)


def _capital(letter: str) -> str | None:
    """The capital outside ASCII that a letter usually has."""
    usual = letter.upper()
    return usual if usual in _capitals().get(letter, ()) else None


def _unusual(letters: set[str]) -> list[str]:
    """Patterns of words of some letters that hold capitals otherwise than ``_usual`` writes them."""
    usual = {letter: capital for letter in letters if (capital := _capital(letter))}
    held = {capital for letter in letters for capital in _capitals().get(letter, ())}
    patterns = [_class(mask_of(held - set(usual.values()) | {DOTTED}))]
    if usual:
        small, large, word = mask_of(usual), mask_of(usual.values()), named_class(r"\w")
        first, last, others = _class(small), _class(large), _class(word & ~small & ~large)
        patterns += [f"{first}{others}*{last}", f"{last}{others}*{last}{_class(word)}*{first}"]
    return patterns


def _beside_words() -> list[str]:
    """Patterns of capital sigmas where what is beside their words says how they become small.

    One ends a word if a cased letter is before it and none after it, ignorable characters not counting.
    Within words Python decides that; here are those that are looked at beyond, and more.
    """
    cased, ignorable = cased_and_ignorable()
    aside = _class(mask_of(cased) & ~named_class(r"\w") | mask_of(DOTTED))
    letters, through = _class(mask_of(cased)), _class(mask_of(ignorable))
    return [f"{SIGMA}(?:{through}+{letters}|{aside})", f"(?:{letters}{through}+|{aside}){SIGMA}"]


def _class(mask: Mask) -> str:
    return f"[{ranges(mask)}]"
