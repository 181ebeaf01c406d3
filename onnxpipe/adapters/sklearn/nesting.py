"""Whether a pipeline unfolds to a tree of reasonable size: converters descend into every part of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from onnxpipe.adapters.sklearn.outline import is_estimator
from onnxpipe.core.record import Record
from onnxpipe.errors import Unreadable

LIMIT = 10**6
"""Parts that a pipeline may unfold to; a forest of a thousand trees has a few thousand."""
_OPEN = -1
_UNREAD = ("sklearn.cluster._CFNode", "sklearn.cluster._CFSubcluster")
"""Birch's tree: its leaves point to each other both ways, and no converter looks at them."""


def refuse_endless(root: Record) -> None:
    """Raise Unreadable for a pipeline that holds itself, or the same parts over and over."""
    if _unfolded(root, {}) > LIMIT:
        raise Unreadable("its parts hold each other over and over")


def _unfolded(value: Any, known: dict[int, int]) -> int:
    """How many parts a value unfolds to, each shared one counted wherever it is used."""
    if id(value) not in known:
        known[id(value)] = _OPEN
        known[id(value)] = 1 + sum(_unfolded(part, known) for part in _parts(value))
    if known[id(value)] == _OPEN:
        raise Unreadable("a part of it holds itself")
    return known[id(value)]


def _parts(value: Any) -> Iterable[Any]:
    inner = value.fields.values() if isinstance(value, Record) else value
    inner = inner.values() if isinstance(inner, dict) else inner
    return (part for part in inner if isinstance(part, (list, tuple, dict)) or _descended(part))


def _descended(part: Any) -> bool:
    if not isinstance(part, Record) or part.kind in _UNREAD:
        return False
    return part.kind.startswith("sklearn.") or is_estimator(part)
