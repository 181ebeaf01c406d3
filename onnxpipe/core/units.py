"""What integers that stand for dates and spans of time count, as numpy's names of types tell."""

from __future__ import annotations

import re

_UNIT = re.compile(r"(datetime|timedelta)64\[(D|s|ms|us|ns)\]")


def is_unit(name: str) -> bool:
    """Whether a dtype name is one of dates or spans of time that integers count."""
    return _UNIT.fullmatch(name) is not None
