"""Batches of other sizes: none at all, one row, two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, compare
from onnxpipe.check.rows import Rows, is_ragged, length, take, widened
from onnxpipe.check.runtimes.graph import Graph, GraphRefused

Array = NDArray[Any]
Ask = Callable[[Rows], Mapping[str, Array]]

_ALONE = 6


class Found(NamedTuple):
    """What fails in batches of 0, 1 and 2, and whether both sides answer a row by its batch."""

    failures: tuple[str, ...] = ()
    batchwise: bool = False


def check(
    graph: Graph, rows: Rows, native: Mapping[str, Array], tolerances: Mapping[str, Tolerance], ask: Ask
) -> Found:  # fmt: skip
    """What fails when rows come in batches of 0, 1 and 2.

    ``rows`` are rows that both sides answer, ``native`` the original's answers to them. Where the graph
    answers a row otherwise than among the others, the original may do so too: ``ask`` it.
    """
    total = length(rows)
    if not total or any(len(value) != total for value in native.values()):
        return Found()
    starts = [int(i) for i in np.unique(np.linspace(0, total - 1, min(total, _ALONE)).round())]
    slices = [slice(i, i + 1) for i in starts] + ([slice(0, 2)] if total > 1 else [])
    try:
        whole = graph.run(rows, list(native))
    except GraphRefused as error:
        return Found((f"{total} rows: the graph fails: {error}",))
    if any(len(whole[name]) != total for name in native):
        return Found()  # whether the answers are right is judged elsewhere
    alone = [_of_batch(graph, rows, whole, tolerances, part, ask) for part in slices]
    failures = (*_of_none(graph, rows, native), *(failure for found in alone for failure in found.failures))
    return Found(failures, any(found.batchwise for found in alone))


def _of_none(graph: Graph, rows: Rows, native: Mapping[str, Array]) -> Iterator[str]:
    try:
        got = graph.run(take(rows, slice(0, 0)), list(native))
    except GraphRefused as error:
        if not graph.served:  # no client asks a server about no rows, and some servers refuse them
            yield f"0 rows: the graph fails: {error}"
        return
    declared = {port.name: port.shape for port in graph.signature.outputs}
    for name, value in native.items():
        if not none_of(got[name], value, declared[name]):
            yield f"0 rows: {name} has shape {got[name].shape}, not {(0, *value.shape[1:])}"


def none_of(none: Array, value: Array, declared: Sequence[Any]) -> bool:
    """Whether an answer to no rows has the shape of one to some, batch aside.

    An axis that the graph leaves open may be empty: as long as the longest row of those that there are.
    """
    if is_ragged(value) and is_ragged(none):
        none = widened(none, value.shape[1])
    kept = zip(none.shape[1:], value.shape[1:], declared[1:], strict=False)
    fits = all(a == b or (a == 0 and not isinstance(size, int)) for a, b, size in kept)
    return none.ndim == value.ndim and len(none) == 0 and fits


def _of_batch(
    graph: Graph, rows: Rows, whole: Mapping[str, Array],
    tolerances: Mapping[str, Tolerance], part: slice, ask: Ask,
) -> Found:  # fmt: skip
    """What differs between a row alone and the same row among all the others."""
    size = len(range(*part.indices(length(rows))))
    try:
        got = graph.run(take(rows, part), list(whole))
    except GraphRefused as error:
        return Found((f"{size} row(s): the graph fails: {error}",))
    among = compare({name: values[part] for name, values in whole.items()}, got, tolerances)
    if all(verdict.equal for verdict in among):
        return Found()
    native = ask(take(rows, part))
    alone = compare({name: native[name] for name in whole}, got, tolerances) if native else among
    failures = (
        f"{size} row(s): {verdict.output} isn't what it is among {length(rows)} rows"
        for verdict in alone if not verdict.equal
    )  # fmt: skip
    return Found(tuple(failures), batchwise=all(verdict.equal for verdict in alone))
