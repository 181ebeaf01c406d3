"""Texts in SQL: joined, respelled, cut, and looked for patterns.

Formulas: stringExpressions.scala and regexpExpressions.scala in org/apache/spark/sql/catalyst/expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np

from onnxpipe.blocks import nullable
from onnxpipe.blocks.contrib import code_points, matches
from onnxpipe.blocks.language import text
from onnxpipe.blocks.language.characters import Spelling, respelled
from onnxpipe.blocks.nullable import Value
from onnxpipe.blocks.regex.masks import Untranslatable
from onnxpipe.core.ops import Var, cast, const, op
from onnxpipe.sql import java_patterns
from onnxpipe.sql.scope import Rule, Scope, evaluated, unknown

_ANY = r"(?s:.*)"
_LINE_END = r"(?:\r\n|[\n\r\x{85}\x{2028}\x{2029}])?"
"""What Java's ``$`` lets stand behind it."""


def _texts(node: Any, scope: Scope) -> Value:
    found = evaluated(node, scope)
    if found.kind != "U":
        raise unknown(node, scope)
    return found


def _said(node: Any, owner: Any, scope: Scope) -> str:
    """The text that a constant says. Raises Unsupported for anything else."""
    if type(node).__name__ != "Literal" or not node.is_string:
        raise unknown(owner, scope)
    return str(node.this)


def _count(node: Any, owner: Any, scope: Scope) -> int:
    """The whole number that a constant says, from 0 up. Raises Unsupported for anything else."""
    if type(node).__name__ != "Literal" or node.is_string or not str(node.this).isdigit():
        raise unknown(owner, scope)
    return int(node.this)


def _joined(node: Any, scope: Scope) -> Value:
    values = [_texts(part, scope) for part in node.expressions or [node.this, node.expression]]
    return Value(reduce(op.string_concat, [value.var for value in values]), nullable.missing(values))


def _joined_by(node: Any, scope: Scope) -> Value:
    """``concat_ws``: what is missing is left out with its separator."""
    glue, *parts = node.expressions
    between, made, begun = const(_said(glue, node, scope)), const([[""]]), const([[False]])
    for value in (_texts(part, scope) for part in parts):
        there = const([[True]]) if value.null is None else op.not_(value.null)
        piece = op.where(op.and_(begun, there), op.string_concat(between, value.var), value.var)
        made = op.string_concat(made, op.where(there, piece, const("")))
        begun = op.or_(begun, there)
    return Value(made)


def _of_text(compute: Callable[[Var], Var], node: Any, scope: Scope) -> Value:
    a = _texts(node.this, scope)
    flat = op.reshape(a.var, const([-1]))
    return replace(a, var=op.reshape(text.padded(flat, compute), const([-1, 1])))


def _characters(texts: Var) -> Var:
    there = op.not_(op.equal(code_points(texts), const("")))
    return cast(op.reduce_sum(cast(there, np.int64), const([1]), keepdims=0), np.int32)


def _first(pattern: str, texts: Var) -> Var:
    """What an RE2 pattern finds first, the longest there; else nothing."""
    return _each(matches(texts, pattern), 1)[0]


def _trimmed(node: Any, scope: Scope) -> Value:
    """Without blanks, or the characters that are named, at one end or both."""
    marks = node.args.get("expression")
    cut = f"[^{_listed(' ' if marks is None else _said(marks, node, scope))}]"
    leading, trailing = f"{cut}{_ANY}", f"{_ANY}{cut}"
    ends = {"LEADING": leading, "TRAILING": trailing}
    pattern = ends.get(str(node.args.get("position") or ""), f"{cut}{_ANY}{cut}|{cut}")
    return _of_text(partial(_first, pattern), node, scope)


def _listed(characters: str) -> str:
    """Characters as RE2 takes them between brackets; of none, one that occurs in no text."""
    return "".join(f"\\x{{{ord(c):x}}}" for c in characters) or r"\x{10ffff}"


def _cut(start: int, count: int, texts: Var) -> Var:
    """So many characters from a place on."""
    if count == 0:
        return op.where(op.equal(texts, texts), const(""), texts)
    head = _first(f"(?s:.{{1,{start + count}}})", texts)
    if start == 0:
        return head
    rest = code_points(head)
    kept = op.slice(rest, const([start]), const([start + count]), const([1]))
    return reduce(op.string_concat, _each(kept, count))


def _each(characters: Var, count: int) -> list[Var]:
    """The columns of ``characters`` ``[N, at most count]``, empty texts for those that aren't there."""
    sizes = op.concat([op.shape(characters, start=0, end=1), const([count])], axis=0)
    full = op.concat([characters, op.expand(const(""), sizes)], axis=1)
    parts = (op.slice(full, const([i]), const([i + 1]), const([1])) for i in range(count))
    return [op.reshape(part, const([-1])) for part in parts]


_LONGEST = 64
"""Characters that are cut out of a text one by one."""


def _substring(node: Any, scope: Scope) -> Value:
    """From a place on, counted from 1, so many characters; both have to be numbers from 0 up."""
    start = max(_count(node.args["start"], node, scope) - 1, 0)
    count = node.args.get("length")
    if count is None or start + _count(count, node, scope) > _LONGEST:
        raise unknown(node, scope)
    return _of_text(partial(_cut, start, _count(count, node, scope)), node, scope)


def _left(node: Any, scope: Scope) -> Value:
    count = _count(node.expression, node, scope)
    if count > _LONGEST:
        raise unknown(node, scope)
    return _of_text(partial(_cut, 0, count), node, scope)


def _matching(pattern: str, value: Value) -> Value:
    """Whether an RE2 pattern is the whole text."""
    return nullable.true(op.regex_full_match(value.var, pattern=pattern), value.null)


def _like(node: Any, scope: Scope, folded: bool = False) -> Value:
    """``%`` is any text, ``_`` any character, and a backslash takes either for itself.

    Formula: StringUtils.escapeLikeRegex.
    """
    value, said = _texts(node.this, scope), _said(node.expression, node, scope)
    if folded:
        value = _of_text(lambda texts: respelled(texts, Spelling()), node, scope)
        said = said.lower()
    parts = re.findall(r"\\.|[^\\]|\\$", said, re.DOTALL)
    if any(part[0] == "\\" and part[1:] not in ("%", "_", "\\") for part in parts):
        raise unknown(node, scope)
    wild = {"%": _ANY, "_": "(?s:.)"}
    found = _matching("".join(wild.get(part) or _quoted(part[-1]) for part in parts), value)
    return nullable.negated(found) if node.args.get("negate") else found


def _quoted(literal: str) -> str:
    return "".join(f"\\x{{{ord(c):x}}}" for c in literal)


def _around(before: str, after: str, node: Any, scope: Scope) -> Value:
    """Whether a constant begins, ends or is in a text."""
    return _matching(before + _quoted(_said(node.expression, node, scope)) + after, _texts(node.this, scope))


def _regular(node: Any, scope: Scope) -> Value:
    """Whether a pattern of Java's is found anywhere in a text."""
    said, value = _said(node.expression, node, scope), _texts(node.this, scope)
    ends = said.endswith("$") and not said.endswith("\\$") and "|" not in said
    try:
        pattern = java_patterns.translated(said.removesuffix("$") if ends else said)
        re.compile(pattern)
    except (Untranslatable, re.error) as error:
        raise scope.stage.unsupported(f"looks for {said!r}, and {error} can't be had exactly") from None
    if re.search(r"\(\?(?!:)|\\[1-9]", pattern):
        raise scope.stage.unsupported(f"looks for {said!r}, which takes more than a regular language")
    return _matching(f"{_ANY}(?:{_as_re2(pattern)}){_LINE_END if ends else _ANY}", value)


def _as_re2(pattern: str) -> str:
    """A pattern in Python's language in RE2's, which writes characters by number in another way."""
    numbered = re.sub(r"\\U([0-9a-f]{8})", lambda found: f"\\x{{{int(found[1], 16):x}}}", pattern)
    return numbered.replace(r"\Z", r"\z")


RULES: dict[str, Rule] = {
    "Concat": _joined,
    "DPipe": _joined,
    "ConcatWs": _joined_by,
    "Lower": partial(_of_text, lambda texts: respelled(texts, Spelling())),
    "Upper": partial(_of_text, lambda texts: respelled(texts, Spelling(lower=False, upper=True))),
    "Length": partial(_of_text, _characters),
    "Trim": _trimmed,
    "Substring": _substring,
    "Left": _left,
    "Like": _like,
    "ILike": partial(_like, folded=True),
    "RegexpLike": _regular,
    "StartsWith": partial(_around, "", _ANY),
    "EndsWith": partial(_around, _ANY, ""),
    "Contains": partial(_around, _ANY, _ANY),
}
"""What is computed, by the name of the expression in sqlglot's tree."""
