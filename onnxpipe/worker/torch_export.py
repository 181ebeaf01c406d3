"""Whole networks exported by torch.onnx: by its newer exporter, and by the older one what that can't."""

from __future__ import annotations

import ast
import io
import os
import sys
import warnings
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

main = sys.modules["_onnxpipe_main"]
native, tracing = main.sibling("torch_native"), main.sibling("torch_tracing")

STAGE = "io.onnxpipe.stage"
OLDEST_ROUTE = 20
"""The highest opset that the older exporter knows."""
WHOLE, APART = 2**31 - 1, 1024
"""Bytes that one file can hold, and those from which on a tensor goes into another one then."""


class Made(NamedTuple):
    """A graph, the kind of network it is of, who made it, a size by symbol of each open axis, its modules."""

    proto: Any
    kind: str
    route: str
    sizes: Dict[str, int]
    stages: Tuple[Dict[str, Any], ...] = ()


def program(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a network, and the facts that ``onnxpipe/worker/__init__.py`` lists."""
    made = by_any(model, request, rows)
    marked(made.proto.graph)
    inputs = [value.name for value in made.proto.graph.input]
    answers = {value.name: [value.name] for value in made.proto.graph.output}
    root = {"path": "network", "kind": made.kind, "inputs": inputs, "answers": answers}
    facts = {
        "kind": made.kind, "version": native.versions()["torch"], "route": made.route,
        "sizes": made.sizes, "stages": [*made.stages, root],
    }  # fmt: skip
    return made.proto.SerializeToString(), facts


def by_any(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Made:
    """The graph by the first route that leads to one. Raises NoConverter with what each one said."""
    if isinstance(model, native.Exported):
        return by_dynamo(model, request)
    given = tracing.examples(model, request, rows)
    tracing.ran(model, given)
    reasons = []
    for name, route in (("dynamo", newer), ("TorchScript", older)):
        try:
            return route(model, request, given)
        except main.NoConverter:
            raise
        except Exception as error:
            reasons.append("%s: %s" % (name, tracing.reason(error)))
    raise main.NoConverter("torch.onnx can't export it; " + "; ".join(reasons))


def newer(model: Any, request: Mapping[str, Any], given: Mapping[str, Any]) -> Made:
    """The graph of a network that is traced into an exported program first."""
    return by_dynamo(tracing.traced(model, request, given), request)


def by_dynamo(model: Any, request: Mapping[str, Any]) -> Made:
    """The graph of an exported program."""
    import torch

    model = unfixed(model)
    done = translated(model, request)
    proto = written(done, request)
    stages = main.sibling("torch_modules").stages(proto.graph, done.exported_program)
    route = "torch.onnx %s (dynamo)" % torch.__version__
    return Made(proto, kind(model.program), route, sizes(model), tuple(stages))


def written(done: Any, request: Mapping[str, Any]) -> Any:
    """The graph that torch.onnx made, its weights in ``export.onnx.data`` where one file can't hold it."""
    values = done.model.graph.initializers.values()
    if sum(v.const_value.nbytes for v in values if v.const_value is not None) <= request.get("whole", WHOLE):
        return done.model_proto
    import onnx_ir

    onnx_ir.external_data.unload_from_model(
        done.model, request["folder"], "export.onnx.data", size_threshold_bytes=APART
    )
    return onnx_ir.to_proto(done.model)


def unfixed(model: Any) -> Any:
    """An exported program with its batch open, if it can be opened; else as it is."""
    if not model.batch:
        return model
    try:
        return main.sibling("torch_batches").opened(model)
    except Exception as error:
        sys.stderr.write("the batch of %d can't be opened: %s\n" % (model.batch, tracing.reason(error)))
        return model


def translated(model: Any, request: Mapping[str, Any]) -> Any:
    """What torch.onnx makes of an exported program. Raises NoConverter for one that draws random numbers."""
    import torch

    found = sorted(set(native.random(model.program)))
    if found:
        raise main.NoConverter(
            "it answers with chance or as in training (%s): call eval() before saving" % ", ".join(found)
        )
    main.sibling("torch_heads").given(model.program)
    return torch.onnx.export(
        model.program, dynamo=True, opset_version=request["opset"], verbose=False, external_data=False,
        input_names=model.inputs, output_names=[name for name in model.outputs if name],
        custom_translation_table=main.sibling("torch_operators").table(torch),
    )  # fmt: skip


def older(model: Any, request: Mapping[str, Any], given: Mapping[str, Any]) -> Made:
    """The graph of a network by tracing what it does with the examples, or of TorchScript as it is."""
    import onnx
    import torch

    axes = {name: {axis: symbol(name, axis) for axis in tracing.open_axes(name, request)} for name in given}
    stream, export = io.BytesIO(), torch.onnx.export  # type: Any, Any
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        export(
            model.network, tuple(map(native.tensor, given.values())), stream, dynamo=False,
            input_names=list(given), output_names=tracing.names_of(model, given), dynamic_axes=axes,
            opset_version=min(OLDEST_ROUTE, request["opset"]),
        )  # fmt: skip
    # A warning tells of a branch on data, of which only the one that the examples take is kept; those
    # in torch's own layers look at shapes.
    own = os.path.dirname(torch.__file__)
    warned = [w for w in told if w.category.__name__ == "TracerWarning" and not w.filename.startswith(own)]
    lost = [main.first_line(w.message) for w in warned]
    if lost:
        raise ValueError("it follows the examples alone: %s" % lost[0])
    found = {symbol(n, axis): given[n].shape[axis] for n, held in axes.items() for axis in held}
    route = "torch.onnx %s (TorchScript)" % torch.__version__
    made = type(model.network)
    return Made(onnx.load_from_string(stream.getvalue()), "%s.%s" % (made.__module__, made.__qualname__),
                route, found)  # fmt: skip


def symbol(name: str, axis: int) -> str:
    """What an open axis is called; the batch is one for all inputs."""
    return "%s_%d" % (name, axis) if axis else "N"


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
    scopes: List[str] = ast.literal_eval(notes.get("pkg.torch.onnx.name_scopes", "[]"))
    inner = [scope for scope in scopes[:-1] if scope]
    return "network/" + inner[-1].replace(".", "/") if inner else "network"


def sizes(model: Any) -> Dict[str, int]:
    """A size by symbol that each open axis of the inputs had when the program was traced."""
    placed = [node for node in model.program.graph.nodes if node.op == "placeholder"]
    found = {}
    for node in placed[-len(model.inputs) :]:
        for dim in getattr(node.meta.get("val"), "shape", ()):
            if not str(dim).isdecimal():
                found[str(dim)] = int(dim.node.hint or 0) or lowest(model.program, dim)
    return found


def lowest(program: Any, dim: Any) -> int:
    """The least size that an axis may have, but two where one would do."""
    spread = program.range_constraints.get(dim.node.expr)
    return max(2, int(spread.lower)) if spread else 2
