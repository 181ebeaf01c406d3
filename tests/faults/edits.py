"""Faults that take several operators: detours, guards taken out or put in, answers that hang on the batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.faults.planting import Model, Plant, nodes

SCALER, LOGISTIC = "Pipeline/standardscaler", "Pipeline/logisticregression"


def narrowed(model: Model) -> None:
    """A detour through float32 in a graph that computes in float64."""
    div = nodes(model, SCALER, "Div")[0]
    source, div.input[0] = div.input[0], "narrow_back"
    steps = [("narrow", 1, source), ("narrow_back", 11, "narrow")]
    _put(model, div, [helper.make_node("Cast", [read], [name], to=to) for name, to, read in steps])


def unguarded(model: Model) -> None:
    """The check that refuses NaN, taken out."""
    guard = nodes(model, LOGISTIC, "Gather")[0]
    table = next(t for t in model.graph.initializer if t.name == guard.input[0])
    model.graph.node.remove(guard)  # onnxruntime runs it even where nothing reads it
    model.graph.initializer.append(numpy_helper.from_array(numpy_helper.to_array(table)[0], guard.output[0]))


def overguarded(model: Model) -> None:
    """A check that refuses rows that are fine: an index out of range wherever one mean is exceeded."""
    div = nodes(model, SCALER, "Div")[0]
    out, div.output[0] = div.output[0], "scaled"
    model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "first"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(3.0), "limit"))
    steps = (
        helper.make_node("ReduceMax", ["scaled"], ["top"], keepdims=0),
        helper.make_node("Greater", ["top", "limit"], ["above"]),
        helper.make_node("Cast", ["above"], ["index"], to=7),
        helper.make_node("Unsqueeze", ["scaled", "first"], ["stacked"]),
        helper.make_node("Gather", ["stacked", "index"], [out], axis=0),
    )
    _put(model, div, steps, behind=1)


def by_batch(model: Model) -> None:
    """A value that depends on the other rows of the batch."""
    sub = nodes(model, SCALER, "Sub")[0]
    model.graph.initializer.append(numpy_helper.from_array(np.array([0]), "rows"))
    steps = (
        helper.make_node("ReduceMin", [sub.input[0], "rows"], ["least"], keepdims=1),
        helper.make_node("Min", ["least", sub.input[1]], ["centre"]),
    )
    sub.input[1] = "centre"
    _put(model, sub, steps)


def _put(model: Model, node: onnx.NodeProto, steps: Sequence[onnx.NodeProto], behind: int = 0) -> None:
    place = list(model.graph.node).index(node) + behind
    for i, step in enumerate(steps):
        model.graph.node.insert(place + i, step)


def shortened(word: bytes) -> Plant:
    """A text among the constants without its last letter."""

    def plant(model: Model) -> None:
        for tensor in model.graph.initializer:
            if tensor.data_type == onnx.TensorProto.STRING:
                tensor.string_data[:] = [text[:-1] if text == word else text for text in tensor.string_data]

    return plant
