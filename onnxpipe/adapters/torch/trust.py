"""Which names a pickled module may import: exact ones only."""

from __future__ import annotations

from collections.abc import Iterable


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that neither the list nor the user allows."""
    return tuple(sorted(set(names) - PLAIN - set(allowed)))


PLAIN: frozenset[str] = frozenset()
