"""Keras models on the JAX backend, as JAX traces them, translated step by step."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
calls, graphs, steps = main.sibling("keras_calls"), main.sibling("jaxpr_graph"), main.sibling("jaxpr_steps")

OLDEST, NEWEST = 18, 24
"""The opsets whose operators are written, and up to where they mean the same."""
STAGE = "io.onnxpipe.stage"


def program(model: Any, request: Mapping[str, Any], rows: Mapping[str, Any]) -> Tuple[bytes, Dict[str, Any]]:
    """The serialized graph of a model, and the facts that ``onnxpipe/worker/__init__.py`` lists.

    Raises NoConverter with every step that has no translation.
    """
    import jax

    if request["opset"] < OLDEST:
        raise main.NoConverter("JAX's steps are written in opset %d and later: --opset %d" % (OLDEST, OLDEST))
    types = calls.types(model, request, rows)
    shapes = symbolic(types)
    closed, names = traced(model, types, shapes)
    lacking = sorted(set(steps.untranslated(closed)))
    if lacking:
        raise main.NoConverter(
            "there is no translation for these steps of JAX %s: %s" % (jax.__version__, ", ".join(lacking))
        )
    proto = written(closed, shapes, types, names, min(request["opset"], NEWEST))
    for node in proto.graph.node:
        node.metadata_props.add(key=STAGE, value=model.name)
    sizes = {str(dim): usual(shape) for shape in shapes.values() for dim in shape if not isinstance(dim, int)}
    export = main.sibling("keras_export")
    return proto.SerializeToString(), export.facts(model, "JAX %s" % jax.__version__, sizes, types, names)


def usual(shape: Any) -> int:
    """A size that an open axis may have."""
    return 32 if len(shape) == 4 else 8


def symbolic(types: Any) -> Dict[str, Tuple[Any, ...]]:
    """The shapes of inputs with a symbol for each open size; the batch is one for all."""
    from jax import export

    places = [(name, axis) for name, (shape, _) in types.items() for axis, size in enumerate(shape)
              if axis and size is None]  # fmt: skip
    symbols = ["N", *("S%d" % i for i in range(len(places)))]
    found = dict(zip([None, *places], export.symbolic_shape(", ".join(symbols))))  # type: Dict[Any, Any]
    return {
        name: tuple(
            (found[name, axis] if axis else found[None]) if size is None else int(size)
            for axis, size in enumerate(shape)
        )
        for name, (shape, _) in types.items()
    }


def traced(model: Any, types: Any, shapes: Mapping[str, Any]) -> Tuple[Any, List[str]]:
    """The program that a model is, and the names of what it answers."""
    import jax

    names = []  # type: List[str]

    def call(*given: Any) -> List[Any]:
        found = calls.answered(model, dict(zip(types, given)))
        names[:] = found
        return [jax.numpy.asarray(each) for each in found.values()]

    given = [jax.ShapeDtypeStruct(shapes[name], np.dtype(dtype)) for name, (_, dtype) in types.items()]
    return jax.make_jaxpr(call)(*given), names


def written(closed: Any, shapes: Any, types: Any, names: List[str], opset: int) -> Any:
    """The model of ONNX with the inputs and outputs of these names."""
    from onnx import helper

    graph = graphs.Graph()
    placed = {name: "in%d" % i for i, name in enumerate(shapes)}  # no name of a value inside
    for name, shape in shapes.items():
        for axis, dim in enumerate(shape):
            if not isinstance(dim, int) and graph.lookup(str(dim)) is None:
                graph.known[str(dim)] = graph.op("Shape", placed[name], start=axis, end=axis + 1)
    answered = steps.run(graph, closed, list(placed.values()))
    outputs = [graph.op("Identity", each) for each in answered]
    ins = [graphs.port(placed[n], types[n][1], list(map(told, shape))) for n, shape in shapes.items()]
    outs = [graphs.port(name, var.aval.dtype, list(map(told, var.aval.shape)))
            for name, var in zip(outputs, closed.jaxpr.outvars)]  # fmt: skip
    made = graph.finished(ins, outs)
    called = {**{new: name for name, new in placed.items()}, **dict(zip(outputs, names))}
    main.sibling("keras_export").rename(made, called)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def told(dim: Any) -> Any:
    """A size as a graph says it."""
    return dim if isinstance(dim, int) else str(dim)
