"""Recurrent operators on no rows, on which onnxruntime (1.31) ends the whole process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

_KINDS = ("LSTM", "GRU", "RNN")
_ALLOWZERO = 14
"""The opset from which Reshape can make an axis of no size."""


def guarded(model: onnx.ModelProto) -> None:
    """Have each recurrent operator of a model, which is changed in place, answer no rows with no rows.

    It goes into a branch; the other one answers ``Y`` ``[steps, directions, 0, hidden]`` and the last
    states ``[directions, 0, hidden]``.
    """
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if opset < _ALLOWZERO or not any(node.op_type in _KINDS for node in model.graph.node):
        return
    _spell_out(model.graph)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        model.graph.node.extend(_branched(node) if node.op_type in _KINDS else [node])


def _spell_out(graph: onnx.GraphProto) -> None:
    """Write the width of both directions side by side where it is left open (``[0, 0, -1]``): of no rows
    it can't be told.
    """
    makers = {name: node for node in graph.node for name in node.output}
    for node in list(graph.node):
        turned = makers.get(node.input[0]) if node.op_type == "Reshape" else None
        source = makers.get(turned.input[0]) if turned is not None and turned.op_type == "Transpose" else None
        if (
            source is None
            or source.op_type not in _KINDS
            or _held(graph, makers, node.input[1]) != [0, 0, -1]
        ):
            continue
        width = f"{node.output[0]}/width"
        value = numpy_helper.from_array(np.array([0, 0, _directions(source) * _hidden(source)]), width)
        graph.initializer.append(value)
        node.input[1] = width


def _held(graph: onnx.GraphProto, makers: Mapping[str, onnx.NodeProto], name: str) -> list[int] | None:
    """What a constant holds, None for what is none."""
    tensors = [tensor for tensor in graph.initializer if tensor.name == name]
    if name in makers and makers[name].op_type == "Constant":
        tensors = [a.t for a in makers[name].attribute if a.name == "value"]
    return list(map(int, numpy_helper.to_array(tensors[0]).ravel())) if tensors else None


def _directions(node: onnx.NodeProto) -> int:
    return 1 + any(a.name == "direction" and a.s == b"bidirectional" for a in node.attribute)


def _hidden(node: onnx.NodeProto) -> int:
    return next(int(a.i) for a in node.attribute if a.name == "hidden_size")


def _branched(node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    base = next(name for name in node.output if name)
    sizes = (_directions(node), 0, _hidden(node))
    answers = [(place, name) for place, name in enumerate(node.output) if name]
    made = [
        helper.make_node("Shape", [node.input[0]], [f"{base}/rows"], start=1, end=2),
        _constant(f"{base}/none", [0]),
        helper.make_node("Equal", [f"{base}/rows", f"{base}/none"], [f"{base}/empty"]),
        helper.make_node(
            "If", [f"{base}/empty"], [name for _, name in answers],
            then_branch=_without(node, base, sizes, answers), else_branch=_inner(node, base, answers),
        ),
    ]  # fmt: skip
    for each in made:
        each.metadata_props.extend(node.metadata_props)
    yield from made


def _without(
    node: onnx.NodeProto, base: str, sizes: tuple[int, ...], answers: list[tuple[int, str]]
) -> onnx.GraphProto:
    """Answers of no rows, reshaped from the input, which has none: so they are of its type."""
    nodes = [
        helper.make_node("Shape", [node.input[0]], [f"{base}/steps"], start=0, end=1),
        _constant(f"{base}/state", sizes),
        helper.make_node("Concat", [f"{base}/steps", f"{base}/state"], [f"{base}/whole"], axis=0),
    ]
    outputs = []
    for place, name in answers:
        shape = f"{base}/state" if place else f"{base}/whole"
        nodes.append(helper.make_node("Reshape", [node.input[0], shape], [f"{name}/no"], allowzero=1))
        outputs.append(onnx.ValueInfoProto(name=f"{name}/no"))
    return helper.make_graph(nodes, "no rows", [], outputs)


def _inner(node: onnx.NodeProto, base: str, answers: list[tuple[int, str]]) -> onnx.GraphProto:
    inner = onnx.NodeProto()
    inner.CopyFrom(node)
    del inner.output[:]
    inner.output.extend(name and f"{name}/some" for name in node.output)
    outputs = [onnx.ValueInfoProto(name=f"{name}/some") for _, name in answers]
    return helper.make_graph([inner], "rows", [], outputs)


def _constant(name: str, values: tuple[int, ...] | list[int]) -> onnx.NodeProto:
    tensor = numpy_helper.from_array(np.array(values, np.int64), name)
    return helper.make_node("Constant", [], [name], value=tensor)
