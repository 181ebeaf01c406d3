"""What a native load of a saved model may run: nothing, for it holds numbers and text only."""

from __future__ import annotations

from collections.abc import Iterable


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that the user doesn't allow; a model has none."""
    return tuple(sorted(set(names) - set(allowed)))
