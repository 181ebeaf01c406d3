"""Operators that put values into buckets: by borders, and texts by their hashes; texts in small letters."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict

import numpy as np

main = sys.modules["_onnxpipe_main"]
writing = main.sibling("tf2onnx_writing")
Writer = writing.Writer

DOMAIN = "io.onnxpipe"
"""The domain of nodes that stand for a graph of onnxpipe's own (``onnxpipe/core/foreign.py``)."""
HASHED, LOWERED = "StringToHashBucket", "StringLower"
INT64, FLOAT, STRING, DOUBLE, INT32 = 7, 1, 8, 11, 6


def bucketize(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """In how many borders a value isn't below: so NaN is in the last bucket."""
    w = Writer(ctx, node)
    kind = np.float64 if w.dtype() == DOUBLE else np.float32
    values = w.op("Cast", w.inputs[0], to=DOUBLE if kind == np.float64 else FLOAT)
    apart = w.op("Unsqueeze", values, w.const(np.array([-1], np.int64)))
    below = w.op("Less", apart, w.const(np.array(node.get_attr_value("boundaries"), kind)))
    counted = w.op("Cast", w.op("Not", below), to=INT32)
    w.answer(w.op("ReduceSum", counted, w.const(np.array([-1], np.int64)), keepdims=0))


def bound(is_upper: bool) -> Callable[..., None]:
    """How many of a sorted row's values stand before each value, equal ones with them for the upper bound.

    So NaN is behind all for the upper bound and before all for the lower, as in C++.
    """

    def handler(ctx: Any, node: Any, _name: str, _args: Any) -> None:
        w = Writer(ctx, node)
        made = ctx.get_dtype(node.output[0])
        borders = w.op("Unsqueeze", w.inputs[0], w.const(np.array([1], np.int64)))
        values = w.op("Unsqueeze", w.inputs[1], w.const(np.array([2], np.int64)))
        before = w.op("Not", w.op("Less", values, borders)) if is_upper else w.op("Less", borders, values)
        counted = w.op("Cast", before, to=made)
        w.answer(w.op("ReduceSum", counted, w.const(np.array([2], np.int64)), keepdims=0))

    return handler


def hashed(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """Left to onnxpipe's own FarmHash and SipHash."""
    key = [int(part) for part in node.get_attr_value("key", [])]
    ours(ctx, node, " ".join([HASHED, *map(str, [int(node.get_attr_value("num_buckets")), *key])]), INT64)


def lowered(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """ASCII's letters made small, by onnxpipe. Raises ValueError for those of all languages."""
    if node.type != "StringLower" or node.get_attr_value("encoding", b""):
        raise ValueError("%s of other letters than ASCII's" % node.type)
    ours(ctx, node, LOWERED, STRING)


def ours(ctx: Any, node: Any, part: str, dtype: int) -> None:
    """A node that stands for a graph of onnxpipe's own, of texts in a row."""
    w = Writer(ctx, node)
    texts = w.op("Reshape", w.inputs[0], w.const(np.array([-1], np.int64)))
    attributes: Dict[str, Any] = {"part": part, "takes": ["texts"], "gives": ["found"]}
    made = ctx.make_node("Foreign", [texts], attr=attributes, domain=DOMAIN, dtypes=[dtype], shapes=[[-1]])
    w.answer(w.op("Reshape", made.output[0], w.op("Shape", w.inputs[0])))


KINDS = {
    "Bucketize": bucketize, "UpperBound": bound(True), "LowerBound": bound(False),
    "StringToHashBucketFast": hashed, "StringToHashBucketStrong": hashed,
    "StringLower": lowered, "StringUpper": lowered,
}  # fmt: skip
