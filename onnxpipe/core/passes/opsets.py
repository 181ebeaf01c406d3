"""A graph under an older ai.onnx opset than the one it was written in."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from onnxpipe.core.options import OPSET


def lower(nodes: Iterable[onnx.NodeProto], opset: int) -> None:
    """Drop, in place, the attributes that an older opset doesn't know and that only say the default.

    What an older opset can't say at all stays; the checker refuses it then.
    """
    for node in nodes:
        for attribute in node.attribute:
            lower(attribute.g.node if attribute.HasField("g") else (), opset)
        if node.domain in ("", "ai.onnx"):
            _lower(node, opset)


def _lower(node: onnx.NodeProto, opset: int) -> None:
    ours, theirs = _attributes(node.op_type, OPSET), _attributes(node.op_type, opset)
    kept = [a for a in node.attribute if a.name in theirs or not _says_default(a, ours.get(a.name))]
    if len(kept) < len(node.attribute):
        del node.attribute[:]
        node.attribute.extend(kept)


def _attributes(operator: str, opset: int) -> dict[str, onnx.AttributeProto]:
    """The defaults by name of an operator's attributes at an opset; empty where it doesn't exist."""
    try:
        schema = onnx.defs.get_schema(operator, opset, "")
    except onnx.defs.SchemaError:
        return {}
    return {name: attribute.default_value for name, attribute in schema.attributes.items()}


def _says_default(said: onnx.AttributeProto, default: onnx.AttributeProto | None) -> bool:
    if default is None or not default.type:
        return False
    return bool(onnx.helper.get_attribute_value(said) == onnx.helper.get_attribute_value(default))
