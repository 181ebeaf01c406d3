"""What stands in for a function that pipelines call, by the function's dotted name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from onnxpipe.core.ops import Var
from onnxpipe.core.registry import free

Translate = Callable[..., Var]


T = TypeVar("T", bound=Translate)


@dataclass(frozen=True, slots=True)
class Translation:
    """What stands in for a function that pipelines call: ``(stage, x: Var, **keywords) -> Var``.

    ``by_column`` says that it treats columns alike, so that those of a data frame may come
    apart, each dtype by itself; otherwise it gets all of them as one matrix.
    """

    translate: Translate
    by_column: bool = False


_translations: dict[str, Translation] = {}


def translates(*names: str, by_column: bool = False) -> Callable[[T], T]:
    """Register a function ``(stage, x: Var, **keywords) -> Var`` in place of those named ``module.function``.

    ``x`` is ``[N, d]`` in the dtype it arrives in. A later registration wins, but ours never over a user's.
    """

    def register(function: T) -> T:
        known = {name: old.translate for name in names if (old := _translations.get(name))}
        held = Translation(function, by_column)
        _translations.update(dict.fromkeys(free(names, function, known), held))
        return function

    return register


def translation(name: str) -> Translation | None:
    """What stands in for the function of a dotted name, None where nothing does."""
    return _translations.get(name)


def translated() -> tuple[str, ...]:
    """The names of all functions that something stands in for, sorted."""
    return tuple(sorted(_translations))
