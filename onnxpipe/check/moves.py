"""Answers that hang on rounding: the original's own are as far apart when it rounds otherwise inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, errors

Array = NDArray[Any]
Answers = Mapping[str, Array]

NAME = "rounding_moves"
"""What a worker calls the answers: ``rounding_moves_<output>`` ``[N, ways, ...]``."""

_FURTHER = 4
"""How much further than in the few ways that were tried rounding may move an answer."""
_ROWS, _VALUES = 5000, 2**20
"""How many rows are looked at, and how many values of their answers are asked for at once."""

Ask = Callable[[Array], Mapping[str, Array]]
"""Places ``[n]`` of rows to native's answers to them as it rounds otherwise inside, by output."""


def ties(native: Answers, graph: Answers, tolerances: Mapping[str, Tolerance], ask: Ask) -> dict[str, Array]:
    """By output the rows ``[N]`` that differ by no more than native's own answers to them do."""
    fits = {name: _fitting(native[name], graph[name], tolerances, name) for name in native if name in graph}
    width = max(1, sum(value[:1].size for value in fits.values()))
    off = np.logical_or.reduce([~value.reshape(len(value), -1).all(axis=1) for value in fits.values()])
    places, step = np.flatnonzero(off)[:_ROWS], max(1, _VALUES // width)
    found: dict[str, Array] = {}
    for start in range(0, len(places), step):
        chosen = places[start : start + step]
        for name, moved in ask(chosen).items():
            if name in fits and (len(moved), *moved.shape[2:]) == (len(chosen), *fits[name].shape[1:]):
                reached = _reach(native[name][chosen], graph[name][chosen], moved, fits[name][chosen])
                found.setdefault(name, np.zeros(len(off), bool))[chosen] = reached
    return found


def _fitting(native: Array, graph: Array, tolerances: Mapping[str, Tolerance], name: str) -> Array:
    """Which values are equal; all, where they are no such values that they could be compared."""
    if native.shape != graph.shape or (native.dtype.kind == "f") != (graph.dtype.kind == "f"):
        return np.ones(native.shape, bool)
    return errors(native, graph, tolerances.get(name, tolerances.get("", Tolerance()))) <= 1


def _reach(native: Array, graph: Array, moved: Array, fits: Array) -> Array:
    """Rows ``[n]`` in which each value ``fits`` or is no further from native's than ``moved`` ones.

    ``moved`` is ``[n, ways, ...]``; labels and texts that move may be anything.
    """
    furthest = _apart(native[:, None], moved).max(axis=1)
    fits = fits | (_apart(native, graph) <= _FURTHER * furthest)
    return np.asarray(fits.reshape(len(fits), -1).all(axis=1))


def _apart(a: Array, b: Array) -> NDArray[np.float64]:
    """How far values are apart, infinitely where they are no numbers or one alone is none."""
    if a.dtype.kind != "f":
        return np.where(a == b, 0.0, np.inf)
    with np.errstate(all="ignore"):
        off = np.abs(a.astype(np.float64) - b.astype(np.float64))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(off), np.inf, off))
