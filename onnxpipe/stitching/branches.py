"""Parts of a joined graph that run only where they are needed: put into a branch of an If."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import onnx
import onnx_ir as ir

from onnxpipe.core.fragment import PREFIX, Fragment
from onnxpipe.stitching import tidy

Value = Any
_STAGE = PREFIX + "stage"


def enclosed(
    fragment: Fragment, inside: Collection[str], condition: str, outputs: Mapping[str, str]
) -> Fragment:
    """The fragment with the nodes of some parts run only if an output, a bool scalar, is true.

    ``outputs`` map each output that stays and that those parts make to the output that stands in for
    it otherwise; the condition and the stand-ins are outputs no longer. Taps inside are dropped:
    nothing outside a branch can look into it.
    """
    proto = onnx.ModelProto()
    proto.CopyFrom(fragment.model)
    model = ir.from_proto(proto)
    graph = model.graph
    ends = {value.name: value for value in graph.outputs}
    moved = [node for node in graph if _part(node) in inside]
    graph.outputs.clear()
    graph.remove(moved)
    made = [ends[name] for name in outputs]
    then = ir.Graph([], made, nodes=moved, name="needed")
    copies, nodes = _copies([ends[name] for name in outputs.values()])
    other = ir.Graph([], copies, nodes=nodes, name="otherwise")
    branches = [ir.AttrGraph("then_branch", then), ir.AttrGraph("else_branch", other)]
    node = ir.Node("", "If", [ends[condition]], branches, num_outputs=len(made), name="If")
    node.metadata_props[_STAGE] = next(iter(inside))
    graph.append(node)
    for value, out, stand_in in zip(made, node.outputs, outputs.values(), strict=True):
        out.name, value.name = value.name, f"{value.name}:needed"
        out.type, out.shape = value.type, ends[stand_in].shape
        graph.outputs.append(out)
    return tidy.tidied(model, fragment.taps)


def _copies(values: list[Value]) -> tuple[list[Value], list[Any]]:
    """Outputs and nodes that answer outer values as they are."""
    nodes = [ir.Node("", "Identity", [value], name=f"{value.name}:Identity") for value in values]
    for node, value in zip(nodes, values, strict=True):
        out = node.outputs[0]
        out.name, out.type, out.shape = f"{value.name}:otherwise", value.type, value.shape
    return [node.outputs[0] for node in nodes], nodes


def _part(node: Any) -> str:
    return str(node.metadata_props.get(_STAGE, "")).partition("/")[0]
