"""Stages that a peer's exporter converts: a node stands for their graph until it is put in its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import onnx
from spox._attributes import AttrString, AttrStrings
from spox._fields import BaseAttributes, BaseInputs, BaseOutputs
from spox._node import Node, OpType
from spox._var import _VarInfo

from onnxpipe.core.fragment import PREFIX, Fragment, metadata, ports
from onnxpipe.core.ops import Tensor, Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import Answers, missing
from onnxpipe.core.signature import Port, numpy_dtype
from onnxpipe.core.table import Table
from onnxpipe.errors import Unreadable, Unsupported

DOMAIN = "io.onnxpipe"
"""The domain of the node that stands for a graph; none is left in a finished model."""


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A stage that came by fallback: who exported it, and the float types its graph computes in."""

    path: str
    kind: str
    exporter: str
    version: str
    precision: tuple[str, ...] = ()

    @property
    def single(self) -> bool:
        """Whether any of it is computed in float32."""
        return "float32" in self.precision

    def __str__(self) -> str:
        computed = f", computes in {' and '.join(self.precision)}" if self.precision else ""
        return f"{self.path} ({self.kind}) was converted by {self.exporter} {self.version}{computed}"


def borrowed(model: onnx.ModelProto) -> tuple[Borrowed, ...]:
    """The stages of a model that came by fallback, as its metadata tells. Raises Unreadable."""
    stored = metadata(model).get("fallback", "[]")
    try:
        return tuple(Borrowed(**{**e, "precision": tuple(e["precision"])}) for e in json.loads(stored))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"the model's {PREFIX}fallback can't be read: {error!r}") from None


def told(stages: Sequence[Borrowed]) -> dict[str, str]:
    """The metadata that tells which stages came by fallback; none where none did."""
    return {"fallback": json.dumps([asdict(stage) for stage in stages])} if stages else {}


def standing_in(model: onnx.ModelProto) -> Callable[[Stage, Table | Mapping[str, Var]], Answers]:
    """A fallback that answers in the types a finished model has for a stage: for a plan that isn't run.

    Raises Unsupported where the model has no such stage.
    """
    taps, known = {tap.path: tap for tap in Fragment.of(model).taps}, ports(model)

    def answer(stage: Stage, table: Table | Mapping[str, Var]) -> Answers:
        found = taps[stage.path].answers if stage.path in taps else {}
        typed = {method: known[values[0]] for method, values in found.items() if values[0] in known}
        if not typed:
            raise Unsupported([missing(stage)])
        if "transform" not in typed:
            typed = {"predict": _UNREAD, **typed}
        given = {"X": table.matrix()} if isinstance(table, Table) else table
        made = dict(zip(typed, call(stage.path, given, list(typed.values())), strict=True))
        return {method: Table.of(var) if method == "transform" else var for method, var in made.items()}

    return answer


_UNREAD = Port("predict", "int64", ("N",))
"""What stands for labels that a finished model lacks because nothing in it reads them."""


class _Foreign(Node):
    @dataclass
    class Attributes(BaseAttributes):
        part: AttrString
        takes: AttrStrings
        gives: AttrStrings

    @dataclass
    class Inputs(BaseInputs):
        inputs: Sequence[_VarInfo]

    @dataclass
    class Outputs(BaseOutputs):
        outputs: Sequence[_VarInfo]

    op_type = OpType("Foreign", DOMAIN, 1)


def call(part: str, inputs: Mapping[str, Var], outputs: Sequence[Port]) -> tuple[Var, ...]:
    """What the graph called ``part`` answers to ``inputs``, typed as its ``outputs`` are."""
    attributes = _Foreign.Attributes(
        part=AttrString(part, "part"),
        takes=AttrStrings(tuple(inputs), "takes"),
        gives=AttrStrings(tuple(port.name for port in outputs), "gives"),
    )
    read = _Foreign.Inputs([var._var_info for var in inputs.values()])
    node = _Foreign(attributes, read, out_variadic=len(outputs))
    made: Sequence[Var] = node.get_output_vars().outputs  # type: ignore[assignment]
    for var, port in zip(made, outputs, strict=True):
        var._var_info.type = Tensor(numpy_dtype(port.dtype), port.shape)
    return tuple(made)
