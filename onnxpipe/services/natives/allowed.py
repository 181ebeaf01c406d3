"""What a native load would run, and whether all of it is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from onnxpipe.adapters.base import Adapter, Artefact
from onnxpipe.errors import Untrusted


def trusted_names(artefact: Artefact, adapter: Adapter, allowed: Sequence[str]) -> tuple[str, ...]:
    """The names a native load would run, every one allowed. Raises Untrusted otherwise.

    A live object is trusted whatever it names: the user already holds it.
    """
    names = adapter.names(artefact)
    if artefact.live:
        return tuple(sorted(names))
    judge = getattr(adapter, "trust", None) or import_module(f"onnxpipe.adapters.{adapter.framework}.trust")
    if refused := judge.untrusted(names, allowed):
        raise Untrusted(refused, where=str(artefact))
    return tuple(sorted(names))
