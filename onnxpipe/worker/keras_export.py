"""Keras models as graphs by the exporter of the backend that they are loaded on."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]

_BY = {"tensorflow": "tf2onnx_export", "torch": "keras_torch", "jax": "keras_jax"}


def program(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a model, and the facts that ``onnxpipe/worker/__init__.py`` lists."""
    made: Tuple[bytes, Dict[str, Any]]
    made = main.sibling(_BY[main.sibling("keras_backend").name()]).program(model, request, rows)
    return made


def facts(model: Any, route: str, sizes: Mapping[str, int], inputs: Any, outputs: Any) -> Dict[str, Any]:
    """The facts of a graph whose one stage is the model as a whole."""
    kind = main.sibling("keras_calls").kind(model)
    answers = {name: [name] for name in outputs}
    root = {"path": model.name, "kind": kind, "inputs": list(inputs), "answers": answers}
    version = main.sibling("keras_backend").versions()["keras"]
    return {"kind": kind, "version": version, "route": route, "sizes": dict(sizes), "stages": [root]}


def rename(graph: Any, called: Mapping[str, str]) -> None:
    """Give a graph's inputs and outputs their names, and others to values that have those."""
    held = {name for node in graph.node for name in node.output} | {each.name for each in graph.initializer}
    names = {name: "inner_" + name for name in set(called.values()) & held}
    names.update(called)
    main.sibling("torch_modules").renamed(graph, names)
    for value in (*graph.input, *graph.initializer):
        value.name = names.get(value.name, value.name)
