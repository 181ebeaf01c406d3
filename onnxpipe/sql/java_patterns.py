"""Java's regular expressions in Python's language, its classes of characters written out.

Source: the documentation of java.util.regex.Pattern, without flags: its classes hold ASCII alone.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache

from onnxpipe.blocks.regex.masks import Untranslatable

Ranges = tuple[tuple[int, int], ...]

_POSIX = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": "\x00-\x7f", "Alpha": "a-zA-Z", "Digit": "0-9",
    "Alnum": "a-zA-Z0-9", "Punct": "!-/:-@[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": " \t\t",
    "Cntrl": "\x00-\x1f\x7f-\x7f", "XDigit": "0-9a-fA-F", "Space": "\t-\r - ",
}  # fmt: skip
_SHORT = {"d": "0-9", "w": "a-zA-Z0-9_-_", "s": "\t-\r - ", "v": "\n-\r\x85-\x85\u2028-\u2029"}
_BLANKS = ((9, 9), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200A),
           (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000))  # fmt: skip
_LINE_ENDS: Ranges = ((10, 10), (13, 13), (0x85, 0x85), (0x2028, 0x2029))
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_TOKEN = re.compile(
    r"\\[pP]\{(?P<long>\w+)\}|\\[pP](?P<category>[A-Z])|\\Q(?P<quoted>.*?)(?:\\E|$)"
    r"|\\u(?P<four>[0-9a-fA-F]{4})|\\x(?P<two>[0-9a-fA-F]{2})|\\x\{(?P<any>[0-9a-fA-F]+)\}"
    r"|\\(?P<escape>.)|(?P<group>\((?!\?))|(?P<named>\(\?<[a-zA-Z])"
    r"|(?P<flags>\(\?[a-zA-Z-])|(?P<plain>.)",
    re.DOTALL,
)


def translated(pattern: str) -> str:
    """The Python pattern that finds the same. Raises Untranslatable for what Python has no word for.

    Groups don't capture: Spark takes whatever is found as a whole.
    """
    written, inside, opened, before = [], False, 0, ""
    for match in _TOKEN.finditer(pattern):
        plain, place = match["plain"], match.start()
        if plain == "+" and before and before in "*+?}" and not inside:
            raise Untranslatable("a possessive repeat")
        before = plain or ""
        if plain == "[":
            if inside:
                raise Untranslatable("a class inside a class")
            inside, opened = True, place
            written.append(plain)
        elif plain == "]" and inside and pattern[opened:place].strip("[^"):
            inside = False
            written.append(plain)
        else:
            written.append(_inside(match, pattern) if inside else _outside(match, pattern))
    if inside:
        raise Untranslatable("a class without an end")
    return "".join(written)


def _inside(match: re.Match[str], pattern: str) -> str:
    """A piece of a class of characters."""
    named = _named(match)
    if named is not None:
        return _spelled(named)
    plain = match["plain"]
    if plain is None:
        return "".join(map(_one, _literal(match)))
    if plain == "&" and pattern[match.start() : match.end() + 1] == "&&":
        raise Untranslatable("classes with && between them")
    return plain if plain in "-^" else _one(plain)


def _outside(match: re.Match[str], pattern: str) -> str:
    named = _named(match)
    if named is not None:
        return f"[{_spelled(named)}]"
    plain = match["plain"]
    if plain == ".":
        return f"[^{_spelled(_LINE_ENDS)}]"
    if plain == "$":
        raise Untranslatable("an anchor at the end of lines")
    if match["group"]:
        return "(?:"
    if match["named"]:
        raise Untranslatable("a group with a name")
    if match["flags"]:
        raise Untranslatable("flags")
    if plain is not None:
        return plain
    if match["escape"] in ("A", "z"):
        return r"\A" if match["escape"] == "A" else r"\Z"
    return "".join(map(_one, _literal(match)))


def _named(match: re.Match[str]) -> Ranges | None:
    """The code points of a class with a name, None for anything else."""
    name, negated = match["long"] or match["category"], match.group().startswith(r"\P")
    if name is not None:
        found = _ranges(_POSIX[name]) if name in _POSIX else _category(name.removeprefix("Is"))
        return _inverse(found) if negated else found
    letter = match["escape"] or ""
    if letter.lower() == "h":
        return _inverse(_BLANKS) if letter == "H" else _BLANKS
    if letter.lower() not in _SHORT or not letter:
        return None
    found = _ranges(_SHORT[letter.lower()])
    return _inverse(found) if letter.isupper() else found


@cache
def _category(name: str) -> Ranges:
    """The code points of a general category (``L``, ``Lu``), by Python's own character database."""
    if len(name) > 2 or name[:1] not in "LMNPSZC":
        raise Untranslatable(f"the class {name}")
    points = [i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)).startswith(name)]
    starts = [p for p, before in zip(points, [-2, *points], strict=False) if p != before + 1]
    ends = [p for p, after in zip(points, [*points[1:], -2], strict=True) if p != after - 1]
    return tuple(zip(starts, ends, strict=True))


def _literal(match: re.Match[str]) -> str:
    """The text that an escape stands for. Raises Untranslatable for one that isn't text."""
    if match["quoted"] is not None:
        return match["quoted"]
    code = match["four"] or match["two"] or match["any"]
    if code is not None:
        return chr(int(code, 16))
    letter = match["escape"]
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter is None or letter.isalnum():
        raise Untranslatable(f"{match.group()}, which Java has its own rule for,")
    return letter


def _ranges(written: str) -> Ranges:
    """``a-z0-9`` as code points; what stands alone is itself."""
    found = re.findall(r"(.)-(.)|(.)", written, re.DOTALL)
    return tuple(sorted((ord(low or alone), ord(high or alone)) for low, high, alone in found))


def _inverse(ranges: Sequence[tuple[int, int]]) -> Ranges:
    lows = [0, *(high + 1 for _, high in ranges)]
    highs = [*(low - 1 for low, _ in ranges), sys.maxunicode]
    return tuple((low, high) for low, high in zip(lows, highs, strict=True) if low <= high)


def _spelled(ranges: Ranges) -> str:
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


def _one(character: str) -> str:
    return f"\\U{ord(character):08x}"
