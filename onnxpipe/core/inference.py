"""The types that nodes answer with, asked of onnx once for all nodes that are alike.

For every node spox has onnx infer the types of a model of that one node, and it does so twice: when the
node is made, and again when it is known which of its inputs are constants. That was a third of what a
conversion took. The first time tells nothing that the second doesn't, and the graphs of a pipeline are
made of few kinds of nodes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
from spox._attributes import AttrGraph
from spox._standard import StandardNode
from spox._type_system import Type
from spox._value_prop import PropValue

_MOST, _LONG = 1 << 14, 64
"""How many answers are kept, and the elements of an attribute or constant beyond which none is."""

_FOR_TYPES_ALONE = {
    *("Add", "And", "ArrayFeatureExtractor", "Concat", "Div", "Equal", "Gather", "GatherElements", "Gemm"),
    *("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "MatMul", "Max", "Min", "Mod", "Mul", "Or", "Pow"),
    *("Sub", "Sum", "Where", "Xor"),
}
"""Operators whose answer's type and shape don't hang on what their inputs hold."""


class _Unlike(Exception):
    """A node of which every one is asked about."""


_infer = StandardNode.infer_output_types_onnx
_known: dict[Hashable, dict[str, Type]] = {}


def remember() -> None:
    """Have spox ask here for the types of its nodes' outputs."""
    StandardNode.infer_output_types_onnx = _remembered  # type: ignore[method-assign, assignment]


def _remembered(node: StandardNode, input_prop_values: Mapping[str, Any]) -> dict[str, Type]:
    """The types of a node's outputs by name, nothing while it is being made: spox asks again."""
    if not hasattr(node, "_validate"):
        return {}
    try:
        key = _key(node, input_prop_values)
        found = _known.get(key)
    except _Unlike:
        return _infer(node, dict(input_prop_values))
    if found is None:
        found = _infer(node, dict(input_prop_values))
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = found
    return dict(found)  # spox adds to it


def _key(node: StandardNode, values: Mapping[str, Any]) -> Hashable:
    """All that the answer hangs on. Raises _Unlike where that is long, or isn't told."""
    places: dict[Any, int] = {}
    inputs = tuple(
        (name, info.type, places.setdefault(info, len(places)))
        for name, info in node.inputs.get_var_infos().items()
    )
    attributes = tuple(
        None if attribute is None else _types_of(attribute.value) if isinstance(attribute, AttrGraph)
        else _hashable(attribute.value)
        for attribute in node.attrs.get_fields().values()
    )  # fmt: skip
    outputs = tuple(node.outputs.get_var_infos())
    apart = node.op_type.identifier in _FOR_TYPES_ALONE
    return type(node), inputs, outputs, attributes, () if apart else tuple(_told(values))


def _types_of(graph: Any) -> Hashable:
    """The types of a subgraph's arguments and results, which are all that onnx is shown of it."""
    if graph.requested_arguments is None:
        raise _Unlike
    results = graph.requested_results.values()
    return tuple(each.type for each in graph.requested_arguments), tuple(each.type for each in results)


def _told(values: Mapping[str, Any]) -> Iterator[Hashable]:
    for name, given in values.items():
        if given is None or (isinstance(given, PropValue) and given.value is None):
            continue
        if not isinstance(given, PropValue) or not isinstance(given.value, np.ndarray):
            raise _Unlike
        yield name, _hashable(given.value)


def _hashable(value: Any) -> Hashable:
    if isinstance(value, np.ndarray):
        if value.size > _LONG:
            raise _Unlike
        return value.dtype.str, value.shape, tuple(value.ravel().tolist())
    if isinstance(value, (tuple, list)):
        if len(value) > _LONG:
            raise _Unlike
        return tuple(map(_hashable, value))
    kept: Hashable = value
    return kept
