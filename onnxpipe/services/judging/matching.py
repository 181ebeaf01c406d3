"""A model that onnxpipe didn't make beside its source: which input and output is which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import onnx

from onnxpipe.adapters.base import Artefact, program_exporter
from onnxpipe.core.fragment import metadata
from onnxpipe.core.options import Options
from onnxpipe.core.signature import Port, Signature
from onnxpipe.errors import BadInput, Refusal
from onnxpipe.services.convert import adapter_of, conversion
from onnxpipe.services.natives.native import Where


@dataclass(frozen=True, slots=True)
class Names:
    """The source's names by the model's, where they differ; ``notes`` tell what was matched."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def is_foreign(model: onnx.ModelProto) -> bool:
    """Whether another exporter made a model: it holds none of our metadata."""
    return not metadata(model)


def unzipped(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with scores as matrices ``[N, k]`` where ZipMap makes maps by label of them."""
    if all(node.op_type != "ZipMap" for node in model.graph.node):
        return model
    out = onnx.ModelProto()
    out.CopyFrom(model)
    ends = {value.name: value for value in out.graph.output}
    for node in out.graph.node:
        if node.op_type == "ZipMap" and node.output[0] in ends:
            labels = max(len(attribute.ints) + len(attribute.strings) for attribute in node.attribute)
            matrix = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [None, labels])
            ends[node.output[0]].type.CopyFrom(matrix)
            node.CopyFrom(onnx.helper.make_node("Identity", node.input, node.output, node.name))
    return out


def matched(
    model: onnx.ModelProto, source: Artefact, given: Mapping[str, str], where: Where | None = None
) -> Names:
    """The names of a foreign model's inputs and outputs in its source.

    What the user ``given`` comes first, then equal names, then the only one left of its type and
    shape. A source that is a program is exported to know its own, at ``where``. Raises BadInput where
    an output can't be told.
    """
    ours = Signature.of(model)
    if unknown := sorted(given.keys() - {port.name for port in (*ours.inputs, *ours.outputs)}):
        raise BadInput(
            f"the model has no {', '.join(unknown)} to map",
            remedy=f"It has {'; '.join(map(str, (*ours.inputs, *ours.outputs)))}.",
        )
    if not is_foreign(model):
        return Names(outputs=given)
    try:
        program = bool(program_exporter(adapter_of(source), source))
        theirs = Signature.of(conversion(source, Options(fallback=program), where=where).model)
    except Refusal:  # the source can't be read as data: names have to do
        return Names(_given(ours.inputs, given), _given(ours.outputs, given))
    inputs = _pairs(ours.inputs, theirs.inputs, given)
    outputs = _pairs(ours.outputs, theirs.outputs, given)
    if lost := [str(port) for port in ours.outputs if port.name not in outputs]:
        raise BadInput(
            f"nothing says what the original calls {'; '.join(lost)}",
            remedy=f"Say so with --map MODEL_NAME=SOURCE_NAME. It has {'; '.join(map(str, theirs.outputs))}.",
        )
    changed = [f"{a} is {b}" for a, b in {**inputs, **outputs}.items() if a != b and given.get(a) != b]
    notes = (f"matched by type and shape: {', '.join(changed)}",) if changed else ()
    return Names(inputs, outputs, notes)


def _given(ports: Iterable[Port], given: Mapping[str, str]) -> dict[str, str]:
    return {port.name: given.get(port.name, port.name) for port in ports}


def _pairs(ours: Sequence[Port], theirs: Sequence[Port], given: Mapping[str, str]) -> dict[str, str]:
    """Our names with theirs; those that fit none, or several, are left out."""
    named = {port.name for port in theirs}
    found = {p.name: given.get(p.name, p.name) for p in ours if p.name in given or p.name in named}
    for fits in (_same, _alike):
        free = [port for port in theirs if port.name not in found.values()]
        for port in ours:
            close = [other.name for other in free if fits(port, other)]
            rivals = [p for p in ours if p.name not in found and fits(p, port)]
            if port.name not in found and len(close) == 1 and len(rivals) == 1:
                found[port.name] = close[0]
    return found


def _same(a: Port, b: Port) -> bool:
    """One kind of value and the same sizes, the batch aside; [N] and [N, 1] are one."""
    return _kind(a) == _kind(b) and _sizes(a) == _sizes(b)


def _alike(a: Port, b: Port) -> bool:
    return _kind(a) == _kind(b)


def _kind(port: Port) -> str:
    if port.dtype.startswith("float"):
        return "float"
    return "int" if port.dtype.startswith(("int", "uint", "bool")) else port.dtype


def _sizes(port: Port) -> tuple[object, ...]:
    sizes = tuple(dim if isinstance(dim, int) else None for dim in port.shape[1:])
    return () if sizes == (1,) else sizes
