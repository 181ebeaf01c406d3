"""Graphs without a batch, which take one image (or whatever it is) at a time, held against a reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, Verdict, compare
from onnxpipe.check.graph import Graph, GraphRefused
from onnxpipe.check.report import Refusals, Report
from onnxpipe.core.signature import Port, Signature, numpy_dtype
from onnxpipe.errors import BadInput, NativeRefused
from onnxpipe.services.judging.rows import MATRIX, load_rows
from onnxpipe.services.natives.native import Native

Array = NDArray[Any]
Arrays = Mapping[str, Array]


def batched(model: onnx.ModelProto) -> bool:
    """Whether a graph may answer row by row.

    It doesn't where inputs begin with several sizes or a fixed one, where an output begins with a
    fixed one, and where an input is one image ``[H, W, ...]``.
    """
    signature = Signature.of(model)
    firsts = {port.shape[0] if port.shape else 1 for port in signature.inputs}
    fixed = [port for port in signature.outputs if not port.shape or isinstance(port.shape[0], int)]
    return len(firsts) == 1 and not fixed and not any(isinstance(f, int) or f == "H" for f in firsts)


def report(model: onnx.ModelProto, native: Native, data: Any, tolerances: Mapping[str, Tolerance]) -> Report:
    """The graph's answer to each of the user's items against the original's, an item at a time.

    ``data`` hold the items along one more axis in front. Raises BadInput where there are none.
    """
    graph = Graph(model)
    items = _items(graph.signature, data)
    verdicts: dict[str, list[Verdict]] = {name: [] for name in graph.outputs}
    refused: list[tuple[int, str, str]] = []
    both = 0
    for i in range(len(next(iter(items.values())))):
        item = {name: value[i] for name, value in items.items()}
        told, got = _native(native, item, graph.outputs), _graph(graph, item)
        if isinstance(told, str) and isinstance(got, str):
            both += 1
        elif isinstance(told, str) or isinstance(got, str):
            who, why = ("native", told) if isinstance(told, str) else ("the graph", str(got))
            refused.append((i, who, str(why)))
        else:
            for verdict in compare(_framed(told), _framed(got), tolerances):
                verdicts[verdict.output].append(verdict)
    alone = sum(who == "native" for _, who, _ in refused)
    return Report(
        tuple(_summed(name, found) for name, found in verdicts.items() if found),
        Refusals(both, alone, len(refused) - alone, tuple(refused[:5])),
        {"data": len(next(iter(items.values())))},
    )


def _items(signature: Signature, data: Any) -> dict[str, Array]:
    """Items by input name, typed. Raises BadInput where there are none, and for what doesn't fit."""
    if data is None:
        raise BadInput(
            f"the graph takes one at a time ({'; '.join(map(str, signature.inputs))}); none can be made up",
            remedy="Name some: data: images.npz, an array by input, one item after another; or batch=yes.",
        )
    rows = load_rows(data) if isinstance(data, str) or hasattr(data, "__fspath__") else dict(data)
    if list(rows) == [MATRIX] and len(signature.inputs) == 1:
        rows = {signature.inputs[0].name: rows[MATRIX]}
    return {port.name: _typed(port, rows.get(port.name)) for port in signature.inputs}


def _typed(port: Port, value: Array | None) -> Array:
    if value is None or value.ndim != len(port.shape) + 1:
        found = "nothing" if value is None else f"the shape {list(value.shape)}"
        raise BadInput(f"the rows have {found} for {port}: items stand along one more axis, in front")
    return value.astype(object if port.is_string else numpy_dtype(port.dtype), copy=False)


def _native(native: Native, item: Arrays, outputs: tuple[str, ...]) -> Arrays | str:
    try:
        return native.answers(item, outputs)
    except NativeRefused as error:
        return error.what


def _graph(graph: Graph, item: Arrays) -> Arrays | str:
    try:
        return graph.run(item)
    except GraphRefused as error:
        return str(error)


def _framed(answers: Arrays) -> dict[str, Array]:
    """Each answer as one row."""
    return {name: np.asarray(value)[None] for name, value in answers.items()}


def _summed(name: str, found: list[Verdict]) -> Verdict:
    """The verdicts on an output of all items as one, an item being a row."""
    wrong = tuple(i for i, verdict in enumerate(found) if not verdict.equal)
    worst = max(range(len(found)), key=lambda i: found[i].worst)
    failure = next((f"item {i}: {v.failure}" for i, v in enumerate(found) if v.failure), "")
    ties = sum(verdict.ties for verdict in found)
    return Verdict(
        name, len(found), len(wrong), ties, found[worst].worst, worst, found[worst].worst_pair, wrong, failure
    )
