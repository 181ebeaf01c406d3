"""The one group of a pattern that ``findall`` answers in place of all that is found."""

from __future__ import annotations

from typing import Any, NamedTuple

from onnxpipe.blocks.regex.masks import Untranslatable


class Group(NamedTuple):
    """What of a match is the token: all but its first ``before`` and last ``behind`` characters, or what is
    between two ``marks``.
    """

    before: int = 0
    behind: int = 0
    marks: bool = False


def group_of(tree: Any) -> Group:
    """The group of a parsed pattern. Raises Untranslatable where it may be empty or left out."""
    if tree.state.groups <= 1:
        return Group()
    if tree.state.groups > 2:
        raise Untranslatable("several groups (write (?:...) for those that only hold parts together),")
    if not _takes_part(tree):
        raise Untranslatable("a group that a match may leave out or empty (empty words)")
    for i, part in enumerate(tree):
        if _captures(part):
            (low, high), (least, most) = tree[:i].getwidth(), tree[i + 1 :].getwidth()
            return Group(low, least) if low == high and least == most else Group(marks=True)
    return Group(marks=True)


def _captures(part: Any) -> bool:
    return str(part[0]) == "SUBPATTERN" and part[1][0] is not None


def _takes_part(parts: Any) -> bool:
    """Whether every match of the parts has the group in it, not empty."""
    for part in parts:
        op, value = str(part[0]), part[1]
        if _captures(part):
            return bool(value[3].getwidth()[0])
        inner = value[3] if op == "SUBPATTERN" else value[2] if op in ("MAX_REPEAT", "MIN_REPEAT") else ()
        if inner and (op == "SUBPATTERN" or int(value[0])) and _takes_part(inner):
            return True
    return False
