"""A peer's graph of one stage, made to answer as the stage natively does: in types, shapes and refusals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.core import foreign
from onnxpipe.core.fragment import ports
from onnxpipe.core.guards import guarded
from onnxpipe.core.ops import Var, as_many, batch_size, cast, concat, const, dtype_of, is_string, op, shape_of
from onnxpipe.core.plan import Context
from onnxpipe.core.registry import Answers
from onnxpipe.core.signature import Dim, Port, Signature, numpy_dtype
from onnxpipe.core.table import Check, Table
from onnxpipe.errors import ExportFailed
from onnxpipe.services.natives.native import Export
from onnxpipe.services.selftest import open_session, short

Array = NDArray[Any]

_REFUSES = {"nothing": Check.NOTHING, "infinite": Check.INFINITE, "nonfinite": Check.NONFINITE}
_ROWS = 2
"""Plain rows that a graph is tried on: not one, which broadcasting might hide faults of."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A graph, the dtypes it takes by input, and by method what it gives and what the stage answers.

    Ports of ``gives`` carry the graph's own output names. ``padded`` says that it fails on no rows,
    so that a row has to go along.
    """

    model: onnx.ModelProto
    takes: Mapping[str, str]
    gives: Mapping[str, Port]
    answer: Mapping[str, tuple[str, tuple[Dim, ...]]]
    refuses: Check
    padded: bool

    @property
    def precision(self) -> tuple[str, ...]:
        """The float types that the graph computes in, as far as ONNX's shape inference tells."""
        inputs = {value.name for value in self.model.graph.input}
        kinds = {port.dtype for name, port in ports(self.model).items() if name not in inputs}
        return tuple(sorted(kind for kind in kinds if kind.startswith("float")))

    def answers(self, name: str, given: Mapping[str, Var]) -> Answers:
        """What the graph called ``name`` answers to matrices ``[N, d]``, as the stage would."""
        fed = {key: self._fed(cast(var, numpy_dtype(self.takes[key]))) for key, var in given.items()}
        made = foreign.call(name, fed, list(self.gives.values()))
        rows = next(iter(given.values()))
        found = {m: self._native(m, var, rows) for m, var in zip(self.gives, made, strict=True)}
        return {m: Table.of(var) if m == "transform" else var for m, var in found.items()}

    def checked(
        self, context: Context, table: Table | Mapping[str, Var], given: Mapping[str, Var]
    ) -> dict[str, Var]:
        """The matrices, refusing rows that the stage refuses."""
        due = Check.NOTHING if isinstance(table, Table) and not table.risky else self.refuses
        return {name: guarded(context, var, due) for name, var in given.items()}

    def _fed(self, x: Var) -> Var:
        if not self.padded:
            return x
        row = const("" if is_string(x) else np.zeros((), dtype_of(x)), None if is_string(x) else dtype_of(x))
        return concat([x, op.expand(row, const([1, *shape_of(x)[1:]]))], 0)

    def _native(self, method: str, made: Var, rows: Var) -> Var:
        """One answer in the dtype and shape that the stage natively gives."""
        kind, sizes = self.answer[method]
        if self.padded:  # shape inference loses the sizes of a slice whose end it doesn't know
            made = op.slice(made, const([0]), batch_size(rows), const([0]))
        if self.padded or sizes != self.gives[method].shape[1:]:
            made = as_many(op.reshape(made, const([0, *sizes])), rows)
        return cast(made, numpy_dtype(kind))


def tried(export: Export, takes: Mapping[str, str], arrives: Mapping[str, str]) -> Guest:
    """The guest of an export, tried on plain rows and on none.

    Raises ExportFailed where onnxruntime can't open it, and where what it gives can't be what the
    stage answers.
    """
    try:
        session = open_session(export.model)
    except Exception as error:
        raise ExportFailed(f"onnxruntime can't open what it made: {short(error)}") from None
    signature = Signature.of(export.model)
    ran, none = (_ran(session, signature, rows) for rows in (_ROWS, 0))
    outputs = {port.name: port for port in signature.outputs}
    gives = {m: _sized(outputs[name], ran.get(name)) for m, name in export.outputs.items()}
    answer = {m: _expected(m, port, export, arrives) for m, port in gives.items()}
    for method, port in gives.items():
        _refuse_other(method, port, *answer[method])
    padded = any(name not in none or none[name].shape != (0, *ran[name].shape[1:]) for name in ran)
    _restate(export.model, {port.name: port for port in gives.values()})
    return Guest(export.model, takes, gives, answer, _REFUSES[export.refuses], padded)


def _restate(model: onnx.ModelProto, known: Mapping[str, Port]) -> None:
    """Write the sizes that outputs really have into a model: a peer's own may be missing or wrong."""
    for value in model.graph.output:
        if port := known.get(value.name):
            kind = value.type.tensor_type.elem_type
            value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, kind, [None, *port.shape[1:]]))


def _ran(session: Any, signature: Signature, rows: int) -> Mapping[str, Array]:
    """What a graph gives for rows of zeros and empty texts; nothing where it refuses them."""
    names = [port.name for port in signature.outputs]
    fed = {port.name: _plain(port, rows) for port in signature.inputs}
    try:
        return dict(zip(names, map(np.asarray, session.run(names, fed)), strict=True))
    except Exception:  # onnxruntime's errors, which have no common type
        return {}


def _plain(port: Port, rows: int) -> Array:
    shape = [rows, *(dim if isinstance(dim, int) else 1 for dim in port.shape[1:])]
    return np.full(shape, "", object) if port.is_string else np.zeros(shape, numpy_dtype(port.dtype))


def _sized(port: Port, ran: Array | None) -> Port:
    """The port with the sizes that a run shows where the graph doesn't say them."""
    try:
        numpy_dtype(port.dtype)
    except TypeError:
        raise ExportFailed(f"its {port.name} is no tensor but a {port.dtype}") from None
    sizes: tuple[Dim, ...] = port.shape[1:] if ran is None else ran.shape[1:]
    if not all(isinstance(size, int) for size in sizes):
        raise ExportFailed(f"it doesn't tell how many columns its {port.name} has")
    return Port(port.name, port.dtype, ("N", *sizes))


def _expected(
    method: str, port: Port, export: Export, arrives: Mapping[str, str]
) -> tuple[str, tuple[Dim, ...]]:
    """The dtype and the sizes of a row that the stage natively answers, guessed where it wasn't asked."""
    if method in export.answers:
        return export.answers[method]
    floats = [kind for kind in arrives.values() if kind.startswith("float")]
    kind = max(floats, default="float64") if port.dtype.startswith("float") else port.dtype
    flat = method == "predict" and port.shape[1:] == (1,)
    return kind, () if flat else port.shape[1:]


def _refuse_other(method: str, port: Port, kind: str, sizes: tuple[Dim, ...]) -> None:
    """Raise ExportFailed where text meets numbers, or a row holds more or fewer values than it should."""
    if (kind == "string") != port.is_string:
        raise ExportFailed(f"it gives {port.dtype} as {method}, which natively is {kind}")
    if _count(sizes) != _count(port.shape[1:]):
        raise ExportFailed(
            f"it gives {list(port.shape[1:])} values per row as {method}, native {list(sizes)}"
        )


def _count(sizes: Iterable[Dim]) -> int:
    """How many values a row of these sizes holds."""
    return math.prod(size for size in sizes if isinstance(size, int))
