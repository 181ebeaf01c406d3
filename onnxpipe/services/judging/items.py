"""Graphs without a batch, which take one image (or whatever it is) at a time, held against a reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.check.compare import Tolerance, Verdict, compare
from onnxpipe.check.edges import pictures
from onnxpipe.check.reports.report import Refusals, Report
from onnxpipe.check.runtimes.graph import Graph, GraphRefused
from onnxpipe.core.signature import Port, Signature, numpy_dtype
from onnxpipe.errors import BadInput, NativeRefused
from onnxpipe.services.judging import photos
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


class Made(NamedTuple):
    """How many items to make up besides the user's, and of which seed."""

    rows: int = 0
    seed: int = 0


def report(
    model: onnx.ModelProto, native: Native, data: Any, tolerances: Mapping[str, Tolerance], made: Made
) -> Report:
    """The graph's answer to each item, the user's and odd images, against the original's, one at a time.

    ``data`` hold the items along one more axis in front. Raises BadInput where there are none. An image
    that is made up and that the original refuses proves nothing.
    """
    graph = Graph(model)
    more = _odd(graph.signature, made)
    given: list[Arrays] = [] if data is None and more else _items(graph.signature, data)
    verdicts: list[tuple[Verdict, ...]] = []
    refused: list[tuple[int, str, str]] = []
    both = passed = 0
    for i, item in enumerate([*given, *more]):
        told, got = _native(native, item, graph.outputs), _graph(graph, item)
        if isinstance(told, str) and i >= len(given):
            passed += 1
        elif isinstance(told, str) and isinstance(got, str):
            both += 1
        elif isinstance(told, str) or isinstance(got, str):
            who, why = ("native", told) if isinstance(told, str) else ("the graph", str(got))
            refused.append((i, who, str(why)))
        else:
            verdicts.append(compare(framed(told), framed(got), tolerances))
    alone = sum(who == "native" for _, who, _ in refused)
    origins = {"data": len(given), "special": len(more) - passed}
    return Report(
        summed(verdicts),
        Refusals(both, alone, len(refused) - alone, tuple(refused[:5])),
        {origin: count for origin, count in origins.items() if count},
    )


def _odd(signature: Signature, made: Made) -> list[Arrays]:
    """Images of odd sizes, modes and contents, where a graph takes one; as pixels or as a PNG's bytes."""
    port, *more = signature.inputs
    rng = np.random.default_rng(made.seed)
    if more or port.is_string or port.is_sequence or (port.dtype != "uint8" and len(port.shape) == 1):
        return []
    found = photos.made(rng) if len(port.shape) == 1 else pictures.items(port, rng)
    images: list[Arrays] = [{port.name: image} for _, image in found]
    return images[: made.rows]


def _items(signature: Signature, data: Any) -> list[Arrays]:
    """Each item's values by input name, typed: images of a folder, or what stands along a first axis.

    Raises BadInput where there are none, and for what doesn't fit."""
    if data is None:
        raise BadInput(
            f"the graph takes one at a time ({'; '.join(map(str, signature.inputs))}); none can be made up",
            remedy="Name some: data: images.npz, an array by input, one item after another; or batch=yes.",
        )
    if photos.is_folder(data):
        return _images(signature, photos.files(data))
    rows = load_rows(data) if isinstance(data, str) or hasattr(data, "__fspath__") else dict(data)
    if list(rows) == [MATRIX] and len(signature.inputs) == 1:
        rows = {signature.inputs[0].name: rows[MATRIX]}
    columns = {port.name: _typed(port, rows.get(port.name)) for port in signature.inputs}
    return [{n: v[i] for n, v in columns.items()} for i in range(min(map(len, columns.values())))]


def _images(signature: Signature, files: Arrays) -> list[Arrays]:
    """Images as a graph takes them: their bytes ``[B]``, or their pixels ``[H, W, 3]``."""
    port, *more = signature.inputs
    if more or port.dtype != "uint8" or len(port.shape) not in (1, 3):
        raise BadInput(f"images are no items of ({'; '.join(map(str, signature.inputs))})")
    return [{port.name: data if len(port.shape) == 1 else photos.pixels(data)} for data in files.values()]


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


def framed(answers: Arrays) -> dict[str, Array]:
    """Each answer as one row."""
    return {name: np.asarray(value)[None] for name, value in answers.items()}


def summed(found: list[tuple[Verdict, ...]]) -> tuple[Verdict, ...]:
    """One verdict on each output, of those on every item; an item is a row."""
    return tuple(_summed([each[i] for each in found]) for i in range(len(found[0]) if found else 0))


def _summed(found: list[Verdict]) -> Verdict:
    wrong = tuple(i for i, verdict in enumerate(found) if not verdict.equal)
    worst = max(range(len(found)), key=lambda i: found[i].worst)
    failure = next((f"item {i}: {v.failure}" for i, v in enumerate(found) if v.failure), "")
    ties = sum(verdict.ties for verdict in found)
    most = found[worst]
    return Verdict(
        most.output, len(found), len(wrong), ties, most.worst, worst, most.worst_pair, wrong, failure
    )
