"""Which stages answer matrices that leave their zeros out, for those that take what is left out for missing.

Values are the same either way, so a graph holds them all; only a few estimators ask.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxpipe.core.plan import Stage


class Stored(IntEnum):
    """What native keeps of a matrix: all of it, all but its zeros, or some of its zeros too."""

    DENSE = 0
    NONZERO = 1
    SOME_ZEROS = 2


Rule = Callable[["Stage", Stored], Stored]
_rules: dict[str, Rule] = {}


def stores(*kinds: str) -> Callable[[Rule], Rule]:
    """Register how transformers of these kinds store what they answer to a matrix stored in some way."""

    def register(rule: Rule) -> Rule:
        _rules.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def stored(stage: Stage, came: Stored) -> Stored:
    """How a transformer's answer is stored, given how its rows came; dense where no rule says otherwise."""
    rule = _rules.get(stage.kind)
    return rule(stage, came) if rule else Stored.DENSE
