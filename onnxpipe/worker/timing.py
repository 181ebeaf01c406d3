"""How long the original takes to answer."""

from __future__ import annotations

import time
from typing import Any, Callable, List


def timed(call: Callable[[], Any], seconds: float, least: int) -> List[float]:
    """What each of several calls took, for about so many seconds but at least so many calls; the first one
    isn't counted."""
    call()
    times = []  # type: List[float]
    end = time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times
