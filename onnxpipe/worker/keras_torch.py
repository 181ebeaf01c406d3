"""Keras models on the torch backend, exported as networks of torch."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]
torch_export, torch_native = main.sibling("torch_export"), main.sibling("torch_native")
calls = main.sibling("keras_calls")


class Network(torch_native.Module):  # type: ignore[misc, name-defined]
    """A model as a network that takes its inputs by place and answers a list.

    The names of layers, which stand for inputs and outputs, may be no names of arguments.
    """

    def __init__(self, model: Any, names: List[str]) -> None:
        import torch

        arguments = ["x%d" % i for i in range(len(names))]
        found = self.answers = []  # type: List[str]

        def answered(*given: Any) -> List[Any]:
            made = calls.answered(model, dict(zip(names, given)))
            found[:] = made
            return [each.clone() for each in made.values()]  # one may be an input, or two the same

        class Wrapped(torch.nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.model = model

        scope = {"answered": answered}
        exec("def forward(self, {0}): return answered({0})".format(", ".join(arguments)), scope)
        Wrapped.forward = scope["forward"]
        super().__init__(Wrapped())


def program(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a model, and the facts that ``onnxpipe/worker/__init__.py`` lists."""
    types = calls.types(model, request, rows)
    network = Network(model, list(types))
    placed = dict(zip(types, network.inputs))
    inputs = {placed[name]: {"dtype": dtype, "shape": shape} for name, (shape, dtype) in types.items()}
    dynamic = {placed[name]: axes for name, axes in request["dynamic"].items() if name in placed}
    made = torch_export.by_any(network, {**request, "inputs": inputs, "dynamic": dynamic}, {})
    called = {new: name for name, new in placed.items()}
    called.update(zip([value.name for value in made.proto.graph.output], network.answers))
    # torch counts axes from the end, which onnxruntime gets wrong on no rows.
    main.sibling("tf2onnx_export").from_the_front(made.proto)
    export = main.sibling("keras_export")
    export.rename(made.proto.graph, called)
    for node in made.proto.graph.node:
        node.metadata_props.add(key=torch_export.STAGE, value=model.name)
    return made.proto.SerializeToString(), export.facts(model, made.route, made.sizes, types, network.answers)
