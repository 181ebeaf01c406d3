"""Batches of other sizes: none at all, one row, two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.check.graph import Graph, GraphRefused
from onnxpipe.check.rows import Rows, length, take

Array = NDArray[Any]

_ALONE = 6


def check(
    graph: Graph, rows: Rows, native: Mapping[str, Array], tolerances: Mapping[str, Tolerance]
) -> tuple[str, ...]:  # fmt: skip
    """What fails when rows come in batches of 0, 1 and 2; empty where nothing does.

    ``rows`` are rows that both sides answer, ``native`` the original's answers to them.
    """
    total = length(rows)
    if not total or any(len(value) != total for value in native.values()):
        return ()
    starts = [int(i) for i in np.unique(np.linspace(0, total - 1, min(total, _ALONE)).round())]
    slices = [slice(i, i + 1) for i in starts] + ([slice(0, 2)] if total > 1 else [])
    try:
        whole = graph.run(rows, list(native))
    except GraphRefused as error:
        return (f"{total} rows: the graph fails: {error}",)
    if any(len(whole[name]) != total for name in native):
        return ()  # whether the answers are right is judged elsewhere
    alone = (_of_batch(graph, rows, whole, tolerances, part) for part in slices)
    return (*_of_none(graph, rows, native), *(failure for found in alone for failure in found))


def _of_none(graph: Graph, rows: Rows, native: Mapping[str, Array]) -> Iterator[str]:
    try:
        got = graph.run(take(rows, slice(0, 0)), list(native))
    except GraphRefused as error:
        yield f"0 rows: the graph fails: {error}"
        return
    for name, value in native.items():
        if got[name].shape != (0, *value.shape[1:]):
            yield f"0 rows: {name} has shape {got[name].shape}, not {(0, *value.shape[1:])}"


def _of_batch(
    graph: Graph, rows: Rows, whole: Mapping[str, Array],
    tolerances: Mapping[str, Tolerance], part: slice,
) -> Iterator[str]:  # fmt: skip
    """What differs between a row alone and the same row among all the others."""
    size = len(range(*part.indices(length(rows))))
    try:
        got = graph.run(take(rows, part), list(whole))
    except GraphRefused as error:
        yield f"{size} row(s): the graph fails: {error}"
        return
    for verdict in compare({name: values[part] for name, values in whole.items()}, got, tolerances):
        if not verdict.equal:
            yield f"{size} row(s): {verdict.output} isn't what it is among {length(rows)} rows"
