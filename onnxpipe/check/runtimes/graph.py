"""Running graphs and pieces of graphs with onnxruntime, or another runtime."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from onnxpipe.check import rows as table
from onnxpipe.check.rows import Rows
from onnxpipe.check.runtimes import apart
from onnxpipe.check.runtimes.server import Server
from onnxpipe.check.runtimes.web import Web
from onnxpipe.core import weights
from onnxpipe.core.sessions import extended, opened
from onnxpipe.core.signature import Signature
from onnxpipe.errors import ServerFailed, Unreadable
from onnxpipe.stitching import no_rows

Array = NDArray[Any]
Answers = Mapping[str, Array]
Runtime = str | Server | Web


class GraphRefused(Exception):
    """The session failed on these rows."""


class Each(NamedTuple):
    """Answers on the rows that weren't refused, in order, and the reasons by row of those that were."""

    answers: Answers
    refused: Mapping[int, str]


class Graph:
    """A model opened once and asked many times, on ``threads`` threads (0: as many as there are cores).

    ``runtime`` is onnxruntime, reference for ONNX's own evaluator, a server that has the model, or a browser.
    Raises Unreadable where it can't open the model, BadInput where the server has another.
    """

    def __init__(
        self, model: onnx.ModelProto, *, where: str = "", threads: int = 1, runtime: Runtime = "onnxruntime"
    ) -> None:
        self.signature = Signature.of(model)
        self.served = isinstance(runtime, Server)
        self.session = _opened(model, where, threads, runtime)
        self._fatal = model if runtime == "onnxruntime" and no_rows.fatal(model) else None
        self.outputs = tuple(port.name for port in self.signature.outputs)

    def run(self, rows: Rows, names: Sequence[str] | None = None) -> Answers:
        """The answers by output name. Raises GraphRefused where the session fails."""
        wanted = list(names or self.outputs)
        if self._fatal is not None and not table.length(rows):
            return _of_none(self._fatal, rows, wanted)
        try:
            return dict(zip(wanted, self.session.run(wanted, dict(rows)), strict=True))
        except ServerFailed:
            raise
        except Exception as error:
            raise GraphRefused(_line(error)) from None

    def each(self, rows: Rows) -> Each:
        """As ``run``, but refused rows don't hide the others: a refused batch is halved.

        What is left is asked once more, together: as native is, whose answers may hang on the batch. Long
        texts come in portions: going through a text, a graph holds as much of every other one.
        """
        found: list[Answers] = []
        refused: dict[int, str] = {}
        todo = _portions(rows)
        whole = len(todo) == 1
        while todo:
            start, stop = todo.pop()
            try:
                found.append(self.run(table.take(rows, slice(start, stop))))
            except GraphRefused as error:
                if stop - start <= 1:
                    refused[start] = str(error)
                else:
                    middle = (start + stop) // 2
                    todo += [(middle, stop), (start, middle)]
        if refused and found and whole:
            with contextlib.suppress(GraphRefused):
                kept = np.setdiff1d(np.arange(table.length(rows)), list(refused))
                return Each(self.run(table.take(rows, kept)), refused)
        names = found[0] if found else {}
        return Each({name: table.stacked([part[name] for part in found]) for name in names}, refused)


def _portions(rows: Rows) -> list[tuple[int, int]]:
    """From and up to which rows a graph is asked at once, the first of them last."""
    texts = [text for value in rows.values() if value.dtype.kind == "O" for text in value.ravel()]
    longest = max((len(text) for text in texts if isinstance(text, str)), default=0)
    total, step = table.length(rows), max(1, _LETTERS // max(1, longest))
    return [(start, min(start + step, total)) for start in range(0, max(1, total), step)][::-1]


_LETTERS = 2**21
"""Letters that the texts of a portion may have, were all as long as the longest."""


def _of_none(model: onnx.ModelProto, rows: Rows, names: Sequence[str]) -> Answers:
    """The answers to no rows, over which the process may end. Raises GraphRefused."""
    try:
        return apart.of_none(model, rows, names)
    except apart.Ended as error:
        kinds = " or ".join(no_rows.fatal(model))
        raise GraphRefused(f"{error} (over {kinds})") from None


def _opened(model: onnx.ModelProto, where: str, threads: int, runtime: Runtime) -> Any:
    if isinstance(runtime, Server):
        runtime.fits(Signature.of(model))
        return runtime
    try:
        if isinstance(runtime, Web):
            return runtime.session(model)
        return _evaluator(model) if runtime == "reference" else _session(model, threads)
    except ServerFailed:
        raise
    except Exception as error:
        name = "onnxruntime-web" if isinstance(runtime, Web) else runtime
        raise Unreadable(f"{name} can't open it: {_line(error)}", where=where) from None


def _session(model: onnx.ModelProto, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    source, apart = weights.light(model)
    return opened(source, extended(options, model), apart)


def _evaluator(model: onnx.ModelProto) -> Any:
    """ONNX's own evaluator, in Python: slow, and the standard's own word on what a graph means."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(weights.whole(model))


def tapped(model: onnx.ModelProto, values: Sequence[str]) -> onnx.ModelProto:
    """The model with further values as outputs; those it already answers or doesn't compute are left."""
    present = {value.name for value in model.graph.output}
    computed = names_in(model)
    out = onnx.ModelProto()
    out.CopyFrom(model)
    for name in dict.fromkeys(values):
        if name in computed and name not in present:
            out.graph.output.add(name=name)
    return out


def names_in(model: onnx.ModelProto) -> set[str]:
    """Every value a model computes or is given."""
    computed = {name for node in model.graph.node for name in node.output if name}
    return computed | {value.name for value in model.graph.input}


def subgraph(model: onnx.ModelProto, inputs: Rows, outputs: Sequence[str]) -> onnx.ModelProto | None:
    """The part of a model from some values (with examples of them) to others.

    None where the outputs also need a graph input that isn't among ``inputs``.
    """
    producers = {name: node for node in model.graph.node for name in node.output}
    needed: set[str] = set()
    todo = [name for name in outputs if name not in inputs]
    while todo:
        name = todo.pop()
        if name in needed or name in inputs:
            continue
        needed.add(name)
        if name in producers:
            todo += [read for read in _reads(producers[name]) if read]
    constants = {tensor.name for tensor in model.graph.initializer}
    if any(value.name in needed - constants for value in model.graph.input):
        return None
    out = onnx.ModelProto()
    out.ir_version = model.ir_version
    out.opset_import.extend(model.opset_import)
    out.functions.extend(model.functions)
    out.graph.name = "part"
    out.graph.node.extend(n for n in model.graph.node if needed.intersection(n.output))
    out.graph.initializer.extend(t for t in model.graph.initializer if t.name in needed)
    out.graph.input.extend(_value(name, array) for name, array in inputs.items())
    out.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return out


def _reads(node: onnx.NodeProto) -> list[str]:
    """The values a node reads, its subgraphs' included."""
    inner = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return [*node.input, *(name for graph in inner for n in graph.node for name in _reads(n))]


def _value(name: str, array: Array) -> onnx.ValueInfoProto:
    kind = onnx.TensorProto.STRING if array.dtype.kind in "OUST" else None
    kind = kind or onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    shape: list[int | None] = [None, *array.shape[1:]]
    return onnx.helper.make_tensor_value_info(name, kind, shape)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
