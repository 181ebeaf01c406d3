"""Whole networks exported by torch.onnx."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Tuple

main = sys.modules["_onnxpipe_main"]
native = main.sibling("torch_native")

STAGE = "io.onnxpipe.stage"


def program(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a network, and the facts that ``onnxpipe/worker/__init__.py`` lists."""
    import torch

    found = sorted(set(native.random(model.program)))
    if found:
        raise main.NoConverter(
            "it answers with chance or as in training (%s): call eval() before saving" % ", ".join(found)
        )
    made: Any = torch.onnx.export(
        model.program, dynamo=True, opset_version=request["opset"], verbose=False, external_data=False,
        input_names=model.inputs, output_names=[name for name in model.outputs if name],
        custom_translation_table=main.sibling("torch_operators").table(torch),
    )  # fmt: skip
    proto = made.model_proto
    marked(proto.graph)
    inputs = [value.name for value in proto.graph.input]
    answers = {value.name: [value.name] for value in proto.graph.output}
    root = {"path": "network", "kind": kind(model.program), "inputs": inputs, "answers": answers}
    version = str(torch.__version__)
    facts = {
        "kind": root["kind"], "version": version, "route": "torch.onnx %s (dynamo)" % version,
        "sizes": sizes(model), "stages": [root],
    }  # fmt: skip
    return proto.SerializeToString(), facts


def kind(program: Any) -> str:
    """The dotted name of the class that was exported, as its operators remember it."""
    for node in program.graph.nodes:
        for path, name in node.meta.get("nn_module_stack", {}).values():
            if path == "":
                return name if isinstance(name, str) else "%s.%s" % (name.__module__, name.__qualname__)
    return "torch.export.ExportedProgram"


def marked(graph: Any) -> None:
    """Write onto each node the module it came from, as its notes tell."""
    for node in graph.node:
        notes = {prop.key: prop.value for prop in node.metadata_props}
        node.metadata_props.add(key=STAGE, value=module_of(notes))


def module_of(notes: Mapping[str, str]) -> str:
    """The path of the innermost module in a node's notes."""
    import ast

    scopes = ast.literal_eval(notes.get("pkg.torch.onnx.name_scopes", "[]"))
    inner = [scope for scope in scopes[:-1] if scope]
    return "network/" + inner[-1].replace(".", "/") if inner else "network"


def sizes(model: Any) -> Dict[str, int]:
    """A size by symbol that each open axis of the inputs had when the program was traced."""
    tensors = {n.name: n.meta["val"] for n in model.program.graph.nodes if n.op == "placeholder"}
    found = {}
    for name in filter(None, model.inputs):
        for dim in tensors[name].shape:
            if not isinstance(dim, int):
                found[str(dim)] = int(dim.node.hint or 0) or lowest(model.program, dim)
    return found


def lowest(program: Any, dim: Any) -> int:
    """The least size that an axis may have, but two where one would do."""
    spread = program.range_constraints.get(dim.node.expr)
    return max(2, int(spread.lower)) if spread else 2
