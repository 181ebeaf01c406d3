"""Functional passes over fragments: what nothing reads goes, what is there twice is there once.

A pass works on an onnx-ir model in place and answers which value took another's place; the public
functions wrap that, so that several passes share one conversion and none changes its argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import onnx
import onnx_ir as ir

from onnxpipe.core.fragment import Fragment, Tap

Model = Any
Value = Any
Pass = Callable[[Model], Mapping[str, str]]


def tidy(fragment: Fragment) -> Fragment:
    """The fragment after every pass below."""
    return _run(fragment, _ALL)


def sort(fragment: Fragment) -> Fragment:
    """The same nodes, each after what it reads."""
    return _run(fragment, (_sort,))


def drop_unused(fragment: Fragment) -> Fragment:
    """The fragment without nodes and initializers that no output needs."""
    return _run(fragment, (_sort, _unused))


def _run(fragment: Fragment, passes: Iterable[Pass]) -> Fragment:
    proto = onnx.ModelProto()
    proto.CopyFrom(fragment.model)
    return tidied(ir.from_proto(proto), fragment.taps, passes)


def tidied(model: Model, taps: Iterable[Tap], passes: Iterable[Pass] | None = None) -> Fragment:
    """The fragment of an onnx-ir model, which is used up, after these passes (default: all).

    Taps follow renamed values and lose answers that are no longer computed.
    """
    names: dict[str, str] = {}
    for run in passes or _ALL:
        found = run(model)
        names = {old: found.get(new, new) for old, new in names.items()} | dict(found)
    made = ir.to_proto(model)
    _drop_stated(made.graph)
    there = {value.name for value in made.graph.input} | {n for node in made.graph.node for n in node.output}
    there |= {tensor.name for tensor in made.graph.initializer}
    kept = (tap.renamed(names).within(there) for tap in taps)
    return Fragment(made, tuple(tap for tap in kept if tap))


def _drop_stated(graph: onnx.GraphProto) -> None:
    """Drop type notes of initializers, which state their type themselves."""
    known = {tensor.name for tensor in graph.initializer}
    kept = [value for value in graph.value_info if value.name not in known]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def _sort(model: Model) -> Mapping[str, str]:
    model.graph.sort()
    return {}


def _unused(model: Model) -> Mapping[str, str]:
    """Needs sorted nodes: readers go before what they read."""
    graph = model.graph
    for node in reversed(graph):
        if not any(value.uses() or value.is_graph_output() for value in node.outputs):
            graph.remove(node, safe=True)
    for name, value in list(graph.initializers.items()):
        if not (value.uses() or value.is_graph_output() or value.is_graph_input()):
            del graph.initializers[name]
    _drop_functions(model)
    return {}


def _drop_functions(model: Model) -> None:
    """Functions that no node calls any more, directly or through others, and domains nothing uses."""
    todo, called = [node.op_identifier() for node in model.graph.all_nodes()], set()
    domains = {""}
    while todo:
        identifier = todo.pop()
        domains.add(identifier[0])
        if identifier in model.functions and identifier not in called:
            called.add(identifier)
            todo += [node.op_identifier() for node in model.functions[identifier].all_nodes()]
    for identifier in set(model.functions) - called:
        del model.functions[identifier]
    for domain in model.opset_imports.keys() - domains:
        del model.graph.opset_imports[domain]


def _fold(model: Model) -> Mapping[str, str]:
    graph = model.graph
    first: dict[Any, Value] = {}
    names: dict[str, str] = {}
    for name, value in list(graph.initializers.items()):
        if value.is_graph_output() or value.is_graph_input() or value.const_value is None:
            continue
        kept = first.setdefault(_key(value.const_value), value)
        if kept is not value:
            value.replace_all_uses_with(kept)
            names[name] = kept.name
            del graph.initializers[name]
    return names


def _key(tensor: Any) -> tuple[Any, ...]:
    """What makes two constants one: type, shape and bytes (so 0.0 and -0.0 stay two), or their place."""
    if isinstance(tensor, ir.ExternalTensor):
        return tensor.dtype, tuple(tensor.shape), (tensor.path, tensor.offset)
    text = tensor.dtype == ir.DataType.STRING
    content = tuple(tensor.string_data()) if text else tensor.tobytes()
    return tensor.dtype, tuple(tensor.shape), content


def _identities(model: Model) -> Mapping[str, str]:
    """Needs sorted nodes. An Identity stays where a graph's input, constant or outer value goes out."""
    gone: list[tuple[str, Value]] = []
    for node in _copies(model):
        source, out = node.inputs[0], node.outputs[0]
        if not out.is_graph_output():
            gone.append((out.name, source))
        elif _local(source, node):
            gone.append((source.name, source))
            source.name, source.type, source.shape = out.name, out.type, out.shape
        else:
            continue
        out.replace_all_uses_with(source, replace_graph_outputs=True)
        node.graph.remove(node, safe=True)
    return {old: kept.name for old, kept in gone}


def _local(source: Value, node: Any) -> bool:
    """Whether a value is made beside a node and could go out in place of what the node makes."""
    producer = source.producer()
    return producer is not None and producer.graph is node.graph and not source.is_graph_output()


def _copies(model: Model) -> Iterator[Any]:
    """Nodes that answer what they read."""
    for node in list(model.graph.all_nodes()):
        if node.domain == "" and len(node.inputs) == 1 and node.inputs[0] is not None:
            to = node.attributes["to"].as_int() if node.op_type == "Cast" else None
            if node.op_type == "Identity" or (to is not None and node.inputs[0].dtype == to):
                yield node


_ALL: tuple[Pass, ...] = (_sort, _fold, _identities, _unused)
PRUNING: tuple[Pass, ...] = (_sort, _identities, _unused)
"""Passes that change nothing but what is there for nothing."""
