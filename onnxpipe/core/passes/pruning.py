"""Last touches on a built graph: trailing Identity nodes folded, nodes marked with their stage, and the
types written down that ONNX's own shape inference can't know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx
from onnx import defs

from onnxpipe.core.fragment import PREFIX, Fragment, Tap


def finish(model: onnx.ModelProto, taps: tuple[Tap, ...]) -> Fragment:
    """The fragment of a freshly built model; the model is changed in place.

    Taps keep only values that the graph computes: what no output needs was never built.
    """
    renames = _fold_identities(model.graph)
    _declare(model.graph)
    named = {value for tap in taps for value in tap.values}
    wanted = {renames.get(value, value) for value in named}
    _shorten(model.graph, wanted)
    _leave_out(model, wanted)
    computed = {name for node in model.graph.node for name in node.output}
    computed |= {value.name for value in model.graph.input}
    taps = tuple(tap.renamed(renames) for tap in taps)
    # An answer that is passed on is also the outer stages' own; those come after the inner ones.
    _mark(model.graph, {value: tap.path for tap in reversed(taps) for value in tap.values})
    return Fragment(model, tuple(t for tap in taps if (t := tap.within(computed))))


def drop_unread(graph: onnx.GraphProto) -> None:
    """Take away the inputs that no node reads."""
    read = {name for node in graph.node for name in _reads(node)} | {value.name for value in graph.output}
    kept = [value for value in graph.input if value.name in read]
    del graph.input[:]
    graph.input.extend(kept)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """The values a node reads, its subgraphs' nodes included."""
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node if attribute.HasField("g") else ():
            yield from _reads(inner)


def _leave_out(model: onnx.ModelProto, wanted: set[str]) -> None:
    """Ask of operators no optional answers that nothing reads and nobody wants.

    onnxruntime's MaxPool is over a hundred times slower where it is to tell places too.
    """
    nodes = list(_every(model.graph))
    read = wanted | {name for node in nodes for name in _reads(node)}
    read |= {value.name for graph in _graphs(model.graph) for value in graph.output}
    versions = {entry.domain: entry.version for entry in model.opset_import}
    for node in nodes:
        optional = _optional(node, versions) if len(node.output) > 1 else ()
        for i in optional:
            if i < len(node.output) and node.output[i] not in read:
                node.output[i] = ""
        while node.output and not node.output[-1]:
            del node.output[-1]


def _shorten(graph: onnx.GraphProto, wanted: set[str]) -> None:
    """Take from If what nothing reads and nobody wants, and from its branches what is computed for it alone.

    Only names are looked at, which are of one value each in a whole model. What a node answers is read by
    later ones alone, so that what is left of those before it changes nothing.
    """
    chosen = [node for node in graph.node if node.op_type == "If" and not node.domain]
    if chosen:
        read = wanted | {name for each in graph.node for name in _reads(each)}
        read |= {value.name for value in graph.output}
        for node in chosen:
            unread = [i for i, name in enumerate(node.output) if name not in read]
            branches = [attribute.g for attribute in node.attribute]
            for answers in (node.output, *(branch.output for branch in branches)):
                for i in reversed(unread):
                    del answers[i]
            for branch in branches:
                _drop_idle(branch)
                _shorten(branch, wanted)


def _drop_idle(graph: onnx.GraphProto) -> None:
    """Take away nodes whose answers nothing reads, and constants that nothing reads any more."""
    read = {value.name for value in graph.output}
    for i in reversed(range(len(graph.node))):
        if read.isdisjoint(graph.node[i].output):
            del graph.node[i]
        else:
            read.update(_reads(graph.node[i]))
    kept = [each for each in graph.initializer if each.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _optional(node: onnx.NodeProto, versions: Mapping[str, int]) -> list[int]:
    """The places, but the first, of the answers that a node may go without."""
    try:
        schema = defs.get_schema(node.op_type, versions.get(node.domain, 1), node.domain)
    except defs.SchemaError:
        return []
    kind = defs.OpSchema.FormalParameterOption.Optional
    return [i for i, output in enumerate(schema.outputs) if i and output.option == kind]


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _every(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for each in _graphs(graph):
        yield from each.node


_FOREIGN = {
    ("com.microsoft", "MurmurHash3"): onnx.TensorProto.INT32,
    ("com.microsoft", "Tokenizer"): onnx.TensorProto.STRING,
}
"""What operators that ONNX has no schema of answer."""


def _declare(graph: onnx.GraphProto) -> None:
    """Write down the element types of foreign operators' answers, in subgraphs too: without them ONNX 1.23's
    shape inference crashes at operators that follow (LabelEncoder).
    """
    outputs = {value.name for value in graph.output}
    for node in graph.node:
        made = _FOREIGN.get((node.domain, node.op_type))
        if made is not None and node.output[0] not in outputs:
            graph.value_info.append(onnx.helper.make_tensor_value_info(node.output[0], made, None))
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _declare(attribute.g)


def _fold_identities(graph: onnx.GraphProto) -> dict[str, str]:
    """Let the producer of an output carry its name, where spox put an Identity between them; the new names.

    Graphs inside nodes are treated alike, and may answer what they don't compute.
    """
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _fold_identities(attribute.g)
    outputs = {value.name for value in graph.output}
    made = {name for node in graph.node for name in node.output}
    renames: dict[str, str] = {}
    for node in reversed(graph.node):
        if node.op_type == "Identity" and node.output[0] in outputs:
            source = node.input[0]
            if source in made - outputs and source not in renames:
                renames[source] = node.output[0]
    for i in reversed(range(len(graph.node))):
        node = graph.node[i]
        if node.op_type == "Identity" and renames.get(node.input[0]) == node.output[0]:
            del graph.node[i]
    for node in graph.node:
        rename(node, renames)
    return renames


def rename(node: onnx.NodeProto, names: dict[str, str]) -> None:
    """Rename the values a node reads and writes, in its subgraphs too."""
    for values in (node.input, node.output):
        for i, name in enumerate(values):
            if name in names:
                values[i] = names[name]
    for attribute in node.attribute:
        for inner in attribute.g.node if attribute.HasField("g") else ():
            rename(inner, names)


def _mark(graph: onnx.GraphProto, answers: dict[str, str]) -> None:
    """Write onto each node the stage it came from, read off the name of what it computes."""
    for node in graph.node:
        stage = node.output[0].rpartition(":")[0] or answers.get(node.output[0], "")
        node.metadata_props.add(key=PREFIX + "stage", value=stage)
