"""Whole functions of TensorFlow exported by tf2onnx, with translations of our own beside its."""

from __future__ import annotations

import logging
import sys
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
installed = main.sibling("installed")

STAGE = "io.onnxpipe.stage"
NEWEST, LIFTED = 18, 24
"""The highest opset that tf2onnx writes, and up to where its operators mean the same."""
USUAL, PICTURE = 8, 32
"""Sizes to try for axes that are open: of most inputs, of images."""


def program(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a function, and the facts that ``onnxpipe/worker/__init__.py`` lists."""
    version = installed.version("tf2onnx")
    function = traced(model, request, rows)
    sizes = open_axes(function, request)
    answers = {rows: answered(function, sizes, rows) for rows in (2, 3)}
    proto = exported(function, request["opset"])
    left = sorted(set(leftover(proto)))
    if left:
        raise main.NoConverter(
            "tf2onnx %s has no translation for these operators of TensorFlow: %s" % (version, ", ".join(left))
        )
    from_the_front(proto)
    if request["opset"] >= 14:
        main.sibling("tf2onnx_reshapes").mend(proto)
    shaped(proto.graph, function, sizes, answers)
    root = {"path": function.path, "kind": function.kind, "inputs": list(function.inputs),
            "answers": {name: [name] for name in function.outputs}}  # fmt: skip
    for node in every(proto.graph):
        node.metadata_props.add(key=STAGE, value=function.path)
    facts = {
        "kind": function.kind, "version": function.version, "route": "tf2onnx %s" % version,
        "sizes": {symbol(*place): size for place, size in sizes.items()}, "stages": [root],
    }  # fmt: skip
    return proto.SerializeToString(), facts


def traced(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Any:
    """A concrete function: a signature is one, a Keras model is traced."""
    if isinstance(model, main.sibling("tensorflow_native").Function):
        return model
    calls = main.sibling("keras_calls")
    return calls.Traced(model, calls.types(model, request, rows))


def exported(function: Any, opset: int) -> Any:
    """tf2onnx's model of a function, under the names of its inputs and outputs."""
    import tensorflow as tf
    from tf2onnx import convert, tf_loader

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    concrete, placed = function.concrete, main.sibling("tensorflow_native").placeholders(function.concrete)
    inputs = {tensor.name: name for name, tensor in zip(function.inputs, placed)}
    outputs = {tensor.name: name for name, tensor in zip(function.outputs, concrete.outputs)}
    with tf.device("/cpu:0"):
        frozen, tables = tf_loader.from_trackable(
            function.holder, concrete, list(inputs), list(outputs), False
        )
        handlers = main.sibling("tf2onnx_operators").table(tables)
        proto, _ = convert._convert_common(
            frozen, name=function.path, continue_on_error=False, opset=min(NEWEST, opset),
            input_names=list(inputs), output_names=list(outputs), tensors_to_rename={**inputs, **outputs},
            custom_op_handlers=handlers, initialized_tables=tables,
        )  # fmt: skip
    for entry in proto.opset_import:
        if entry.domain == "" and entry.version == NEWEST:
            entry.version = min(max(opset, NEWEST), LIFTED)
    ours = main.sibling("tf2onnx_buckets").DOMAIN
    if any(node.domain == ours for node in proto.graph.node):
        proto.opset_import.add(domain=ours, version=1)
    return proto


def leftover(proto: Any) -> Iterator[str]:
    """The operators that ONNX doesn't know."""
    from onnx import defs

    versions = {entry.domain: entry.version for entry in proto.opset_import}
    for node in every(proto.graph):
        if node.domain in ("", "ai.onnx.ml") and not defs.has(
            node.op_type, versions.get(node.domain, 1), node.domain
        ):
            yield node.op_type


def every(graph: Any) -> Iterator[Any]:
    """The nodes of a graph and of the graphs in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from every(inner)


def from_the_front(proto: Any) -> None:
    """Count axes of reductions from the front, in place: onnxruntime reduces no rows wrongly along others."""
    from onnx import numpy_helper, shape_inference

    inferred = shape_inference.infer_shapes(proto, data_prop=True).graph
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in [*inferred.value_info, *inferred.input]
             if v.type.tensor_type.HasField("shape")}  # fmt: skip
    held = {each.name: numpy_helper.to_array(each) for each in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type.startswith("Reduce") and len(node.input) > 1 and node.input[0] in ranks:
            axes = held.get(node.input[1])
            if axes is not None and (axes < 0).any():
                made = numpy_helper.from_array(axes % ranks[node.input[0]], "%s_axes" % node.output[0])
                proto.graph.initializer.append(made)
                node.input[1] = made.name


def open_axes(function: Any, request: Mapping[str, Any]) -> Dict[Tuple[str, int], int]:
    """A size by input and axis, of every axis but the batch that is open."""
    found = {}  # type: Dict[Tuple[str, int], int]
    for name, spec in function.inputs.items():
        least = {axis: size for axis, size, _ in request["dynamic"].get(name, [])}
        usual = PICTURE if spec.shape.rank == 4 else USUAL
        for axis, size in enumerate(spec.shape.as_list()):
            if axis and size is None:
                found[name, axis] = max(least.get(axis, 1), usual)
    return found


def answered(function: Any, sizes: Mapping[Tuple[str, int], int], count: int) -> Dict[str, Any]:
    """The shapes of what a function answers to so many plain rows; none where it refuses them."""
    rows = {}
    for name, spec in function.inputs.items():
        shape = [size or sizes.get((name, axis), count) for axis, size in enumerate(spec.shape.as_list())]
        kind = spec.dtype.as_numpy_dtype
        rows[name] = np.full(shape, "" if spec.dtype.name == "string" else 0, kind)
    try:
        return {name: found.shape for name, found in function.ask(rows).items()}
    except Exception:
        return {}


def symbol(name: str, axis: int) -> str:
    """What an open axis is called; the batch is one for all inputs."""
    return "%s_%d" % (name, axis) if axis else "N"


def shaped(
    graph: Any, function: Any, sizes: Mapping[Tuple[str, int], int], answers: Mapping[int, Mapping[str, Any]]
) -> None:
    """Write shapes onto the inputs as the function declares them, and onto the outputs as it answers."""
    del graph.value_info[:]
    for value in graph.input:
        dims = function.inputs[value.name].shape.as_list()
        write(value, [symbol(value.name, axis) if size is None else size for axis, size in enumerate(dims)])
    for value in graph.output:
        two, three = (answers[count].get(value.name) for count in (2, 3))
        told = function.outputs[value.name].shape
        dims = told.as_list() if told.rank is not None else [None] * len(two or ())
        if two is not None and len(two) == len(dims):
            per_row = bool(dims) and two[0] == 2 and three is not None and three[0] == 3
            dims = ["N" if per_row and not i else size for i, size in enumerate(dims)]
        write(value, [symbol(value.name, i) if size is None else size for i, size in enumerate(dims)])


def write(value: Any, dims: List[Any]) -> None:
    """Set the shape of a graph's input or output."""
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    for size in dims:
        if isinstance(size, str):
            shape.dim.add(dim_param=size)
        else:
            shape.dim.add(dim_value=size)
