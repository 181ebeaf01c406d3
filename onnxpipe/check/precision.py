"""Which float64 outputs of a graph were rounded to float32 on their way, so that no two libraries agree."""

from __future__ import annotations

from collections.abc import Mapping, Set

import onnx

from onnxpipe.check.compare import RTOL_SINGLE, Tolerance
from onnxpipe.core.fragment import inferred, typed
from onnxpipe.core.signature import Port

_EXACT = frozenset((
    "Abs", "Add", "And", "ArgMax", "ArgMin", "Cast", "CastLike", "Ceil", "Clip", "Compress", "Concat",
    "Constant", "ConstantOfShape", "Div", "Equal", "Expand", "EyeLike", "Flatten", "Floor", "Gather",
    "GatherElements", "GatherND", "Greater", "GreaterOrEqual", "Identity", "IsInf", "IsNaN", "Less",
    "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg", "NonZero", "Not", "OneHot", "Or", "Pad", "Range",
    "ReduceMax", "ReduceMin", "Relu", "Reshape", "Round", "ScatterElements", "ScatterND", "Shape",
    "Sign", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tile", "TopK", "Transpose", "Trilu",
    "Unique", "Unsqueeze", "Where", "Xor",
))  # fmt: skip
"""Operators whose answer IEEE 754 tells to the last bit; sums and functions hang on who computes them."""
_STEPS = frozenset(("TreeEnsemble",))
"""Operators whose answer stays the same where their input is a little off."""


def rounded(model: onnx.ModelProto) -> frozenset[str]:
    """The float64 outputs that sums or functions of float32 inputs, in float32, go into.

    A graph that takes float64 and rounds it on its way is held to float64: that may be its fault.
    """
    suspects = {output.name for output in model.graph.output if _is(output, onnx.TensorProto.DOUBLE)}
    given = {each.name for each in model.graph.input if _is(each, onnx.TensorProto.FLOAT)}
    if not suspects or not given or all(node.op_type in _EXACT for node in model.graph.node):
        return frozenset()
    return frozenset(suspects & _reached(inferred(model), given, frozenset()))


def fitting(tolerances: Mapping[str, Tolerance], model: onnx.ModelProto) -> dict[str, Tolerance]:
    """The tolerances, with float32's for the outputs that float32 went into, where none is given."""
    overall = tolerances.get("", Tolerance())
    given = {name: tolerances.get(name, overall) for name in rounded(model)}
    more = {n: Tolerance(RTOL_SINGLE if t.rtol is None else t.rtol, t.atol) for n, t in sorted(given.items())}
    return {**tolerances, **more}


def _reached(graph: onnx.GraphProto, known: Set[str], rounded: Set[str]) -> set[str]:
    """The values of a graph that were rounded: what comes of those ``known`` to hang on float32 inputs, and
    of those ``rounded`` around it.
    """
    kinds, given, off = typed(graph), set(known), set(rounded)
    for node in graph.node:
        numbers = [n for n in node.output if n not in kinds or kinds[n].dtype.startswith("float")]
        bodies = [each.g for each in node.attribute if each.type == onnx.AttributeProto.GRAPH]
        read = frozenset(node.input).union(*map(_read, bodies))
        if given & read:
            given.update(numbers)
            rounds = _rounds(node, kinds) or any(_rounds_inside(body, given) for body in bodies)
            off.update(numbers if rounds else ())
        if off & read and node.op_type not in _STEPS:
            off.update(numbers)
    return off


def _rounds_inside(body: onnx.GraphProto, given: Set[str]) -> bool:
    """Whether what a body answers of such values, one round or more, was a float32 that was rounded."""
    inputs = frozenset(each.name for each in body.input)
    off = _reached(body, given | inputs, frozenset())
    again = _reached(body, given | inputs, inputs) if off else off
    return not again.isdisjoint(each.name for each in body.output)


def _read(body: onnx.GraphProto) -> frozenset[str]:
    """The names that the nodes of a body read."""
    inner = [each.g for node in body.node for each in node.attribute if each.HasField("g")]
    return frozenset(name for node in body.node for name in node.input).union(*map(_read, inner))


def _rounds(node: onnx.NodeProto, kinds: Mapping[str, Port]) -> bool:
    """Whether the answer of a node is a float32 that was rounded somehow."""
    single = any(name in kinds and kinds[name].dtype == "float32" for name in node.output)
    return single and node.op_type not in _EXACT


def _is(value: onnx.ValueInfoProto, kind: int) -> bool:
    return value.type.tensor_type.elem_type == kind
