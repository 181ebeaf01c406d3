"""Answers that hang on rounding: the original's own are as far apart when it rounds otherwise inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NAME = "rounding_moves"
"""What a worker calls the answers: ``rounding_moves_<output>`` ``[N, ways, ...]``."""

_FURTHER = 4
"""How much further than in the few ways that were tried rounding may move an answer."""


def reach(native: Array, graph: Array, moved: Array, fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows ``[N]`` in which each value ``fits`` or is no further from native's than the ``moved`` ones.

    ``moved`` is ``[N, ways, ...]``; labels and texts that move may be anything.
    """
    if (len(moved), *moved.shape[2:]) != native.shape:
        return np.zeros(len(native), bool)
    furthest = _apart(native[:, None], moved).max(axis=1)
    fits = fits | (_apart(native, graph) <= _FURTHER * furthest)
    return np.asarray(fits.reshape(len(fits), -1).all(axis=1))


def placed(
    told: Mapping[str, Array], usual: Mapping[str, Array], names: Mapping[str, str], rows: Array
) -> dict[str, Array]:
    """What was ``told`` of some ``rows``, by output; of the others native's ``usual`` answers.

    ``names`` are native's own names of the outputs.
    """
    found = {}
    for name, answers in usual.items():
        moved = told.get(f"{NAME}_{names[name]}")
        if moved is not None and (len(moved), *moved.shape[2:]) == (len(rows), *answers.shape[1:]):
            found[name] = np.repeat(answers[:, None], moved.shape[1], axis=1)
            found[name][rows] = moved
    return found


def _apart(a: Array, b: Array) -> NDArray[np.float64]:
    """How far values are apart, infinitely where they are no numbers or one alone is none."""
    if a.dtype.kind != "f":
        return np.where(a == b, 0.0, np.inf)
    with np.errstate(all="ignore"):
        off = np.abs(a.astype(np.float64) - b.astype(np.float64))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(off), np.inf, off))
