"""What every round of a loop would compute alike, computed once before it.

spox writes a node into the graph inside which alone its answer is read: the products that a hundred rounds
of a solver take from would be made a hundred times.
"""

from __future__ import annotations

import onnx

from onnxpipe.core.passes.pruning import rename

_LOOPS = {"Loop", "Scan"}
_PLAIN = {
    *("Abs", "Add", "And", "Cast", "Clip", "Concat", "Div", "Equal", "Exp", "Expand", "Gemm", "Greater"),
    *("GreaterOrEqual", "Less", "LessOrEqual", "Log", "MatMul", "Max", "Min", "Mul", "Neg", "Not", "Or"),
    *("Pow", "ReduceL2", "ReduceMax", "ReduceMin", "ReduceSum", "ReduceSumSquare", "Shape", "Size"),
    *("Sqrt", "Sub", "Transpose", "Unsqueeze", "Where"),
}
"""Operators that answer whatever they are asked, so that a loop of no rounds may ask them, too."""


def hoist(graph: onnx.GraphProto) -> None:
    """Move nodes, in place, out of the loops of a graph in which they hang on nothing that changes.

    What moves is named after the stage of the loop; what stays is named as before.
    """
    for i in reversed(range(len(graph.node))):
        loop = graph.node[i]
        for body in [attribute.g for attribute in loop.attribute if attribute.HasField("g")]:
            hoist(body)
            if loop.op_type in _LOOPS and not loop.domain:
                for node in reversed(_taken(graph, loop, body)):
                    graph.node.insert(i, node)


def _taken(graph: onnx.GraphProto, loop: onnx.NodeProto, body: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that leave the body of a loop, in order; the constants they read go to ``graph``."""
    places = _unchanging(body)
    moved = [_copy(body.node[i]) for i in places]
    for i in reversed(places):
        del body.node[i]
    _move_constants(graph, body, {name for node in moved for name in node.input})
    stage = loop.output[0].rpartition(":")[0]
    names = {name: f"{stage}:{name}" for node in moved for name in node.output if stage}
    for node in (*moved, *body.node) if names else ():
        rename(node, names)
    return moved


def _unchanging(body: onnx.GraphProto) -> list[int]:
    """The places of plain nodes that read nothing that a round gets or makes; of constants alone none is."""
    changing = {value.name for value in body.input}
    answers, constants = {v.name for v in body.output}, {each.name for each in body.initializer}
    found = []
    for i, node in enumerate(body.node):
        plain = node.op_type in _PLAIN and not node.domain and answers.isdisjoint(node.output)
        if plain and changing.isdisjoint(node.input) and not constants.issuperset(node.input):
            found.append(i)
        else:
            changing.update(node.output)
    return found


def _move_constants(graph: onnx.GraphProto, body: onnx.GraphProto, names: set[str]) -> None:
    for i in reversed(range(len(body.initializer))):
        if body.initializer[i].name in names:
            graph.initializer.append(body.initializer[i])
            del body.initializer[i]


def _copy(node: onnx.NodeProto) -> onnx.NodeProto:
    made = onnx.NodeProto()
    made.CopyFrom(node)
    return made
