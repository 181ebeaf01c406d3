"""Local functions of joined models: told apart where their bodies differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from onnx_ir import serde

Model = Any
"""An ``onnx_ir.Model``; onnx_ir is untyped to us."""
Identifier = tuple[str, str, str]


def separated(models: Sequence[tuple[str, Model]]) -> list[Any]:
    """All functions of the models (name, model), those that clash renamed in place with their calls.

    Functions clash where one identifier has two bodies, or is a function here and an operator of
    the runtime there.
    """
    kept: dict[Identifier, Any] = {}
    bodies: dict[Identifier, bytes] = {}
    for name, model in models:
        others = [m for n, m in models if n != name]
        for identifier in list(model.functions):
            function = model.functions[identifier]
            body = _body(function)
            plain = any(identifier not in m.functions and identifier in _calls(m) for m in others)
            if plain or bodies.get(identifier, body) != body:
                _rename(model, identifier, f"{function.name}_{name}")
            kept.setdefault(function.identifier(), function)
            bodies.setdefault(function.identifier(), body)
    return list(kept.values())


def _body(function: Any) -> bytes:
    return bytes(serde.serialize_function(function).SerializeToString(deterministic=True))


def _nodes(model: Model) -> Iterator[Any]:
    for graph in (model.graph, *(f.graph for f in model.functions.values())):
        yield from graph.all_nodes()


def _calls(model: Model) -> set[Identifier]:
    return {node.op_identifier() for node in _nodes(model)}


def _rename(model: Model, identifier: Identifier, name: str) -> None:
    calls = [node for node in _nodes(model) if node.op_identifier() == identifier]
    model.functions[identifier].name = name
    for node in calls:
        node.op_type = name
