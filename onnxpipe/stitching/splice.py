"""Putting the graphs of peers where nodes stand for them (see ``core.foreign``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
import onnx_ir as ir

from onnxpipe.core.foreign import DOMAIN
from onnxpipe.core.fragment import PREFIX, Fragment
from onnxpipe.stitching import functions, opsets, tidy

Value = Any
Node = Any
_STAGE = PREFIX + "stage"


def splice(fragment: Fragment, parts: Mapping[str, onnx.ModelProto]) -> Fragment:
    """The fragment with each part's graph in the place of the node that stands for it.

    Values and nodes of a part are called ``stage:name`` and marked with the stage. Raises
    BadManifest where no version of the operators means the same for all of them.
    """
    if not parts:
        return fragment
    protos, target, _ = opsets.aligned({"": fragment.model, **parts})
    models = dict(zip(("", *parts), map(ir.from_proto, protos), strict=True))
    shared = functions.separated([(f"part{i}", model) for i, model in enumerate(models.values())])
    host = models.pop("")
    names = {value.name for value in _values(host.graph)}
    for node in [node for node in host.graph if node.domain == DOMAIN]:
        _put(host.graph, node, models[node.attributes["part"].as_string()].graph, names)
    host.graph.opset_imports.update(target)
    host.functions.update({function.identifier(): function for function in shared})
    return tidy.tidied(host, fragment.taps, tidy.PRUNING)


def _put(graph: Any, node: Node, part: Any, names: set[str]) -> None:
    """Move a part's nodes in front of the node that stands for them, which goes."""
    stage = node.metadata_props.get(_STAGE, "")
    outputs = {value.name: value for value in part.outputs}
    inputs = {value.name: value for value in part.inputs}
    _rename(part, stage, names)
    for name, value in zip(node.attributes["takes"].as_strings(), node.inputs, strict=True):
        inputs[name].replace_all_uses_with(value)
        outputs |= {n: value for n, out in outputs.items() if out is inputs[name]}
    for value in [v for v in part.initializers.values() if not v.is_graph_input()]:
        del part.initializers[value.name]
        graph.register_initializer(value)
    moved = list(part)
    part.outputs.clear()
    part.remove(moved)
    graph.insert_before(node, moved)
    for value, name in zip(node.outputs, node.attributes["gives"].as_strings(), strict=True):
        _answer(graph, node, outputs[name], value)
    graph.remove(node, safe=True)


def _rename(part: Any, stage: str, names: set[str]) -> None:
    """Call a part's values and nodes, those of its subgraphs too, ``stage:name``, and mark its nodes."""
    for value in dict.fromkeys(value for graph in (part, *part.subgraphs()) for value in _values(graph)):
        value.name = _fresh(f"{stage}:{value.name}", names)
    for node in part:
        node.name = _fresh(f"{stage}:{node.name}", names) if node.name else None
        node.metadata_props[_STAGE] = stage


def _answer(graph: Any, node: Node, made: Value, value: Value) -> None:
    """Let what a part made be read as what the node stood for; through Identity where it made nothing."""
    copy = ir.Node("", "Identity", [made], name=f"{value.name}:Identity")
    copy.metadata_props[_STAGE] = node.metadata_props.get(_STAGE, "")
    graph.insert_before(node, copy)
    out = copy.outputs[0]
    out.type, out.shape = value.type or made.type, value.shape or made.shape
    value.replace_all_uses_with(out, replace_graph_outputs=True)
    out.name, value.name = value.name, None


def _values(graph: Any) -> list[Value]:
    """Every value a graph defines itself."""
    made = [value for node in graph for value in node.outputs if value.name]
    return list(dict.fromkeys([*graph.inputs, *graph.initializers.values(), *made]))


def _fresh(wish: str, names: set[str]) -> str:
    """``wish``, or a name like it that isn't taken; taken from now on."""
    name, number = wish, 1
    while name in names:
        number += 1
        name = f"{wish}_{number}"
    names.add(name)
    return name
