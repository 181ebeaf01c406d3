"""Which names a native load may run: a model of CatBoost has none."""

from __future__ import annotations

from collections.abc import Iterable


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that nobody allows."""
    return tuple(sorted(set(names) - set(allowed)))
