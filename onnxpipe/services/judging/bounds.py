"""Which made rows are left out: of numbers that the original's side has no room for, or only rounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.edges.probes import Probes
from onnxpipe.check.rows import take
from onnxpipe.check.runtimes.graph import Graph
from onnxpipe.core.signature import Signature

Array = NDArray[Any]

_LAST_DAY, _NO_DATE = 2**31 - 1, np.iinfo(np.int64).min
"""The last day that polars counts to, and what stands for a missing date."""


def dated(signature: Signature, made: Probes) -> Probes:
    """The rows without made ones whose days, where days are counted, no data frame has room for."""
    days = [port.name for port in signature.inputs if port.unit == "datetime64[D]"]
    beyond = np.zeros(len(made), bool)
    for name in days:
        told = made.rows[name].reshape(len(made), -1)
        beyond |= ((np.abs(told) > _LAST_DAY) & (told != _NO_DATE)).any(axis=1)
    return _kept(made, beyond) if days else made


def tame(made: Probes, most: float, within: Callable[[Array], bool] = lambda _: True) -> Probes:
    """The rows without made ones that hold larger finite numbers, in inputs that are ``within``.

    Of such beside small ones a network keeps only the rounding of sums, and no two libraries add in
    the same order.
    """
    wild = np.zeros(len(made), bool)
    for value in made.rows.values():
        if value.dtype.kind == "f" and within(value):
            end = min(most, float(np.finfo(value.dtype).max))  # float16 ends long before
            large = np.isfinite(value) & (np.abs(value) > end)
            wild |= large.reshape(len(value), -1).any(axis=1)
    return _kept(made, wild)


def thinned(graph: Graph, made: Probes, cells: int) -> Probes:
    """The rows without most of the made ones that the graph refuses, where a row has very many ``cells``.

    The original is asked each of them alone, which takes a wide encoder a second.
    """
    most = max(_FEWEST, _LARGEST // cells)
    if cells < _WIDE or len(made) <= most:
        return made
    refused = np.array(sorted(graph.each(made.rows).refused), np.int64)
    left = refused[np.linspace(0, len(refused) - 1, min(most, len(refused))).astype(int)]
    beyond = np.zeros(len(made), bool)
    beyond[np.setdiff1d(refused, left)] = True
    return _kept(made, beyond)


_WIDE, _FEWEST, _LARGEST = 64, 32, 2**15
"""Cells of a row that are very many; how many such rows are asked at least; how many cells they all have."""


def _kept(made: Probes, wild: Array) -> Probes:
    """The rows that are the user's or not among ``wild`` ones."""
    kept = np.flatnonzero(~wild | np.array([origin == "data" for origin in made.origins]))
    origins, notes = ([told[i] for i in kept] for told in (made.origins, made.notes))
    return Probes(take(made.rows, kept), tuple(origins), tuple(notes))
