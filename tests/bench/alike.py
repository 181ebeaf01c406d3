"""skl2onnx's graph made to promise what ours does: to refuse what the original refuses, in its shapes.

What is left between the two is what they compute. The refusals are written as ours are (``core.guards``),
of the whole matrix before all else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_FLOATS = {"tensor(float)": np.float32, "tensor(double)": np.float64}


def alike(theirs: bytes, ours: Any, rows: Any) -> bytes | None:
    """The peer's model with the refusals and shapes of our session; None where they aren't of one matrix."""
    model = onnx.load_model_from_string(theirs)
    ports = ours.get_inputs()
    if len(ports) != 1 or len(model.graph.input) != 1 or ports[0].type not in _FLOATS:
        return None
    dtype = _FLOATS[ports[0].type]
    first = np.asarray(rows)[:1].astype(dtype)
    if first.ndim != 2 or _refuses(ours, first):
        return None
    infinite, missing = (_refuses(ours, _with(first, value)) for value in (np.inf, np.nan))
    if infinite or missing:
        _refusing(model.graph, dtype, missing)
    _shaped(model.graph, [len(port.shape) for port in ours.get_outputs()])
    if not any(each.domain == "" for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid("", 21))
    return bytes(model.SerializeToString())


def _with(row: Any, value: float) -> Any:
    out = row.copy()
    out[0, 0] = value
    return out


def _refuses(asked: Any, row: Any) -> bool:
    try:
        asked.run(None, {asked.get_inputs()[0].name: row})
    except Exception:
        return True
    return False


def _refusing(graph: Any, dtype: Any, missing: bool) -> None:
    """Let what reads the input read it behind a check: for NaN and infinities, or infinities alone."""
    name = graph.input[0].name
    for node in graph.node:
        node.input[:] = ["alike checked" if each == name else each for each in node.input]
    if missing:
        nodes = [
            helper.make_node("Mul", [name, "alike nothing"], ["alike products"]),
            helper.make_node("ReduceSum", ["alike products"], ["alike total"], keepdims=0),
            helper.make_node("IsNaN", ["alike total"], ["alike found"]),
        ]
        graph.initializer.append(numpy_helper.from_array(np.array(0, dtype), "alike nothing"))
    else:
        nodes = [
            helper.make_node("IsInf", [name], ["alike infinite"]),
            helper.make_node("Cast", ["alike infinite"], ["alike octets"], to=TensorProto.UINT8),
            helper.make_node("ReduceMax", ["alike octets"], ["alike found"], keepdims=0),
        ]
    nodes += [
        helper.make_node("Cast", ["alike found"], ["alike index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["alike shapes", "alike index"], ["alike shape"]),
        helper.make_node("Reshape", [name, "alike shape"], ["alike checked"]),
    ]
    graph.initializer.append(numpy_helper.from_array(np.array([[0, 0]]), "alike shapes"))
    for node in reversed(nodes):
        graph.node.insert(0, node)


def _shaped(graph: Any, ranks: list[int]) -> None:
    """Flatten the answers that the original gives as rows, not as columns."""
    for output, rank in zip(graph.output, ranks, strict=False):
        if rank == 1 and len(output.type.tensor_type.shape.dim) == 2:
            node = helper.make_node("Reshape", [f"alike {output.name}", "alike flat"], [output.name])
            for each in graph.node:
                each.output[:] = [f"alike {output.name}" if o == output.name else o for o in each.output]
                each.input[:] = [f"alike {output.name}" if i == output.name else i for i in each.input]
            graph.node.append(node)
            del output.type.tensor_type.shape.dim[1]
            if not any(each.name == "alike flat" for each in graph.initializer):
                graph.initializer.append(numpy_helper.from_array(np.array([-1]), "alike flat"))
