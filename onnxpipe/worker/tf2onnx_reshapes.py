"""Reshapes that keep no rows none: ONNX reads a size of 0 as that of the value's own axis at that place."""

from __future__ import annotations

from typing import Any, Callable, Dict

import numpy as np

_SIZES = {"Cast", "Identity", "Slice", "Gather", "Squeeze", "Unsqueeze", "Concat"}
"""Operators that pick among sizes."""


def mend(proto: Any) -> None:
    """Take sizes of 0 for themselves, in place, where a value gets sizes of other ones."""
    makers = {name: node for node in proto.graph.node for name in node.output}
    tells_sizes = sizes_of(proto, makers)
    nodes = list(proto.graph.node)
    for node in nodes:
        if node.op_type == "Reshape" and node.input[1] in makers:
            if not tells_sizes(node.input[1]) and not spell_out(proto, node, makers, tells_sizes):
                continue
            del node.attribute[:]
            node.attribute.add(name="allowzero", i=1, type=2)


def sizes_of(proto: Any, makers: Dict[str, Any]) -> Callable[[str], bool]:
    """Whether a value holds sizes of other ones, and no -1 for the size that is left."""
    from onnx import numpy_helper

    held = {each.name: each for each in proto.graph.initializer}

    def tells_sizes(name: str) -> bool:
        if name in held:
            return bool(np.greater_equal(numpy_helper.to_array(held[name]), 0).all())
        node = makers.get(name)
        kind = node.op_type if node is not None else ""
        if node is None or kind not in _SIZES:
            return kind == "Shape"
        return all(map(tells_sizes, node.input if kind == "Concat" else node.input[:1]))

    return tells_sizes


def spell_out(proto: Any, node: Any, makers: Dict[str, Any], tells_sizes: Callable[[str], bool]) -> bool:
    """Compute the -1 of a Reshape to ``[-1, a size]``, which can't be told of no rows; whether it is one.

    So TF Transform puts a column of numbers into buckets.
    """
    from onnx import helper, numpy_helper

    joined = makers[node.input[1]]
    while joined.op_type in ("Cast", "Identity") and joined.input[0] in makers:
        joined = makers[joined.input[0]]
    parts = list(joined.input) if joined.op_type == "Concat" else []
    held = {each.name: each for each in proto.graph.initializer}
    if len(parts) != 2 or parts[0] not in held or not tells_sizes(parts[1]):
        return False
    if numpy_helper.to_array(held[parts[0]]).tolist() != [-1]:
        return False
    stem, one = node.output[0] + "_", numpy_helper.from_array(np.ones(1, np.int64), node.output[0] + "_one")
    proto.graph.initializer.append(one)
    steps = [
        ("Cast", [parts[1]], "size", {"to": 7}), ("Max", [stem + "size", one.name], "some", {}),
        ("Size", [node.input[0]], "all", {}), ("Div", [stem + "all", stem + "some"], "rows", {}),
        ("Concat", [stem + "rows", stem + "size"], "shape", {"axis": 0}),
    ]  # fmt: skip
    place = list(proto.graph.node).index(node)
    for kind, inputs, output, more in reversed(steps):
        proto.graph.node.insert(place, helper.make_node(kind, inputs, [stem + output], **more))
    proto.graph.node[place + len(steps)].input[1] = stem + "shape"
    return True
