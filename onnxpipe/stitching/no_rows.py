"""Operators on no rows, on which onnxruntime (1.31) ends the whole process: recurrent ones and Einsum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

_KINDS = ("LSTM", "GRU", "RNN")
_GUARD = "no rows"
"""What the branch for no rows is called."""
_OLDEST = 15
"""The opset from which CastLike and ranges of Shape are there."""


def guarded(model: onnx.ModelProto) -> None:
    """Have recurrent operators and Einsum in a model, which is changed in place, answer no rows with none.

    They go into a branch; the other one answers ``Y`` ``[steps, directions, 0, hidden]`` and the last
    states ``[directions, 0, hidden]``, or zeros of the sizes that the equation says.
    """
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if opset < _OLDEST or not any(_fails(node) for node in model.graph.node):
        return
    _spell_out(model.graph)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        model.graph.node.extend(_branched(node) if _fails(node) else [node])


def fatal(model: onnx.ModelProto) -> list[str]:
    """The kinds of operators, anywhere in a model, that may end the process on no rows."""
    bodies = (model.graph, *model.functions)
    return sorted({kind for body in bodies for kind in _fatal(body.node)})


def _fatal(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    for node in nodes:
        if node.op_type in (*_KINDS, "Einsum"):
            yield node.op_type
        inner = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
        if not any(each.name == _GUARD for each in inner):
            yield from (kind for each in inner for kind in _fatal(each.node))


def _fails(node: onnx.NodeProto) -> bool:
    return node.op_type in _KINDS or (node.op_type == "Einsum" and bool(_sides(node)[1]))


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
    """A node in a branch that is taken where none of its inputs is empty."""
    base = next(name for name in node.output if name)
    answers = [(place, name) for place, name in enumerate(node.output) if name]
    read = [node.input[0]] if node.op_type in _KINDS else list(dict.fromkeys(node.input))
    sizes = [helper.make_node("Size", [name], [f"{base}/size{i}"]) for i, name in enumerate(read)]
    without = _no_sums(node) if node.op_type == "Einsum" else _no_steps(node, base, answers)
    made = [
        *sizes,
        _constant(f"{base}/none", 0),
        helper.make_node("Min", [size.output[0] for size in sizes], [f"{base}/least"]),
        helper.make_node("Equal", [f"{base}/least", f"{base}/none"], [f"{base}/empty"]),
        helper.make_node(
            "If", [f"{base}/empty"], [name for _, name in answers],
            then_branch=without, else_branch=_inner(node, answers),
        ),
    ]  # fmt: skip
    for each in made:
        each.metadata_props.extend(node.metadata_props)
    yield from made


def _sides(node: onnx.NodeProto) -> tuple[list[str], str]:
    """The letters of each input of an Einsum, and those of its output, none where they aren't all told."""
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation").replace(" ", "")
    left, _, right = equation.partition("->")
    return left.split(","), "" if "." in equation else right


def _no_sums(node: onnx.NodeProto) -> onnx.GraphProto:
    """Zeros of the sizes that an equation says: there is nothing to add."""
    letters, right = _sides(node)
    base, sizes = node.output[0], []
    for letter in right:
        place = next(i for i, side in enumerate(letters) if letter in side)
        axis = letters[place].index(letter)
        name = f"{base}/{letter}"
        sizes.append(helper.make_node("Shape", [node.input[place]], [name], start=axis, end=axis + 1))
    nodes = [
        *sizes,
        helper.make_node("Concat", [size.output[0] for size in sizes], [f"{base}/shape"], axis=0),
        helper.make_node("ConstantOfShape", [f"{base}/shape"], [f"{base}/zeros"]),
        helper.make_node("CastLike", [f"{base}/zeros", node.input[0]], [f"{base}/no"]),
    ]
    return helper.make_graph(nodes, _GUARD, [], [onnx.ValueInfoProto(name=f"{base}/no")])


def _no_steps(node: onnx.NodeProto, base: str, answers: list[tuple[int, str]]) -> onnx.GraphProto:
    """Answers of no rows, reshaped from the input, which has none: so they are of its type."""
    nodes = [
        helper.make_node("Shape", [node.input[0]], [f"{base}/steps"], start=0, end=1),
        _constant(f"{base}/state", (_directions(node), 0, _hidden(node))),
        helper.make_node("Concat", [f"{base}/steps", f"{base}/state"], [f"{base}/whole"], axis=0),
    ]
    outputs = []
    for place, name in answers:
        shape = f"{base}/state" if place else f"{base}/whole"
        nodes.append(helper.make_node("Reshape", [node.input[0], shape], [f"{name}/no"], allowzero=1))
        outputs.append(onnx.ValueInfoProto(name=f"{name}/no"))
    return helper.make_graph(nodes, _GUARD, [], outputs)


def _inner(node: onnx.NodeProto, answers: list[tuple[int, str]]) -> onnx.GraphProto:
    inner = onnx.NodeProto()
    inner.CopyFrom(node)
    del inner.output[:]
    inner.output.extend(name and f"{name}/some" for name in node.output)
    outputs = [onnx.ValueInfoProto(name=f"{name}/some") for _, name in answers]
    return helper.make_graph([inner], "rows", [], outputs)


def _constant(name: str, values: tuple[int, ...] | int) -> onnx.NodeProto:
    tensor = numpy_helper.from_array(np.array(values, np.int64), name)
    return helper.make_node("Constant", [], [name], value=tensor)
