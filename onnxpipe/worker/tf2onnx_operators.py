"""Operators that tf2onnx has no translation for, or a wrong one."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Mapping, Tuple

import numpy as np

main = sys.modules["_onnxpipe_main"]
buckets, resizes, writing = map(main.sibling, ("tf2onnx_buckets", "tf2onnx_resizes", "tf2onnx_writing"))
Writer, bounds = writing.Writer, writing.bounds

Handler = Callable[[Any, Any, str, Any], Any]
INT64, FLOAT, STRING, DOUBLE, INT32 = 7, 1, 8, 11, 6
_FIELDS = {INT64: "int64s", FLOAT: "floats", STRING: "strings"}
_COMPLEX = {"ComplexAbs", "Real", "Imag"}


def erfc(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """One minus the error function, far to the right by a series that keeps its digits.

    Source: Press et al., Numerical Recipes, 6.2, erfcc (relative error below 1.2e-7).
    """
    w = Writer(ctx, node)
    x = w.inputs[0]
    if w.dtype() != FLOAT:
        raise ValueError("Erfc of other numbers than float32")
    one, half = w.like(1.0), w.like(0.5)
    t = w.op("Div", one, w.op("Add", one, w.op("Mul", half, w.op("Abs", x))))
    series = w.like(_ERFC[-1])
    for coefficient in _ERFC[-2::-1]:
        series = w.op("Add", w.op("Mul", series, t), w.like(coefficient))
    far = w.op("Mul", t, w.op("Exp", w.op("Sub", series, w.op("Mul", x, x))))
    near = w.op("Sub", one, w.op("Erf", x))
    w.answer(w.op("Where", w.op("Greater", x, half), far, near))


_ERFC = (
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
)  # fmt: skip


def expm1(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """``exp(x) - 1``, near zero by the hyperbolic tangent of half of it, which keeps its digits."""
    w = Writer(ctx, node)
    x, one = w.inputs[0], w.like(1.0)
    half = w.op("Tanh", w.op("Mul", x, w.like(0.5)))
    near = w.op("Div", w.op("Add", half, half), w.op("Sub", one, half))
    far = w.op("Sub", w.op("Exp", x), one)
    w.answer(w.op("Where", w.op("Less", w.op("Abs", x), one), near, far))


def sigmoid(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """``1 / (1 + exp(-x))``: onnxruntime's own (1.31) is off by 1e-7 however small its answer is."""
    w = Writer(ctx, node)
    if w.dtype() not in (FLOAT, DOUBLE):
        w.answer(w.op("Sigmoid", w.inputs[0]))
        return
    w.answer(w.op("Reciprocal", w.op("Add", w.op("Exp", w.op("Neg", w.inputs[0])), w.like(1.0))))


def dense_bincount(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """How often, or with how much weight, each number below a size is in a row; one below 0 is refused."""
    w = Writer(ctx, node)
    binary, answers = bool(node.get_attr_value("binary_output", 0)), ctx.get_dtype(node.output[0])
    shape = ctx.get_shape(w.inputs[2])
    weighted = not binary and not (shape is not None and 0 in shape)
    ids = w.op("Cast", w.inputs[0], to=INT64)
    # A place past the end fails in onnxruntime, as a negative number does in TensorFlow.
    refused = w.op("Cast", w.op("Less", ids, w.const(np.int64(0))), to=INT64)
    ids = w.op("Add", ids, w.op("Gather", w.const(np.zeros(1, np.int64)), refused))
    last = w.const(np.array([-1], np.int64))
    hits = w.op("Equal", w.op("Unsqueeze", ids, last), counted_to(w))
    found = w.op("Cast", hits, to=answers)
    if weighted:
        weights = w.op("Unsqueeze", w.inputs[2], last)
        found = w.op("Where", hits, weights, w.op("CastLike", w.const(np.float32(0)), weights))
    along = w.const(np.array([-2], np.int64))
    w.answer(w.op("ReduceMax" if binary else "ReduceSum", found, along, keepdims=0))


def counted_to(w: Any) -> str:
    """The numbers from 0 to below the second input."""
    least, most = bounds(w.node.inputs[1])
    if np.array_equal(least, most):
        return str(w.const(np.arange(int(least), dtype=np.int64)))
    ends = w.const(np.int64(0)), w.op("Cast", w.inputs[1], to=INT64), w.const(np.int64(1))
    return str(w.op("Range", *ends))


def rfft(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """The spectrum of real numbers, real and imaginary parts in front: sums by cosines and sines."""
    w = Writer(ctx, node)
    kinds = {consumer.type for consumer in ctx.find_output_consumers(node.output[0])}
    if not kinds <= _COMPLEX:
        raise ValueError("complex numbers that go into %s" % ", ".join(sorted(kinds - _COMPLEX)))
    length, size = int(np.ravel(w.fixed(1))[0]), (ctx.get_shape(w.inputs[0]) or [-1])[-1]
    if size < 0:
        raise ValueError("RFFT of signals of an open length")
    used = min(length, size)
    turns = np.outer(np.arange(used), np.arange(length // 2 + 1)) % length
    signal = w.inputs[0]
    if used < size:
        ends = (w.const(np.array([end], np.int64)) for end in (0, used, -1))
        signal = w.op("Slice", signal, *ends)
    front, angles = w.const(np.array([0], np.int64)), 2 * np.pi * turns / length
    parts = (w.op("MatMul", signal, w.like(wave)) for wave in (np.cos(angles), -np.sin(angles)))
    found = w.op("Concat", *[w.op("Unsqueeze", each, front) for each in parts], axis=0)
    outputs, kept = list(node.output), node.name
    ctx.remove_node(kept)
    ctx.make_node("Identity", [found], outputs=outputs[:1], name=kept)


def complex_abs(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """The length of a complex number whose parts are in front."""
    w = Writer(ctx, node)
    squares = w.op("Mul", w.inputs[0], w.inputs[0])
    w.answer(w.op("Sqrt", w.op("ReduceSum", squares, w.const(np.array([0], np.int64)), keepdims=0)))


def part(place: int) -> Handler:
    """The real or the imaginary part of complex numbers whose parts are in front."""

    def handler(ctx: Any, node: Any, _name: str, _args: Any) -> None:
        w = Writer(ctx, node)
        w.answer(w.op("Gather", w.inputs[0], w.const(np.int64(place)), axis=0))

    return handler


def from_zero(kind: str, place: int) -> Handler:
    """As tf2onnx has it, but numbers below 0 are as those past the end, while ONNX counts them from there.

    TensorFlow refuses such places, or leaves such rows without a one.
    """

    def handler(ctx: Any, node: Any, _name: str, _args: Any) -> None:
        from tf2onnx.handler import tf_op

        if not node.inputs[place].is_const() and ctx.get_dtype(node.input[place]) in (INT32, INT64):
            w = Writer(ctx, node)
            nowhere, given = w.like(np.iinfo(np.int32).max, place), w.inputs[place]
            moved = w.op("Where", w.op("Less", given, w.like(0, place)), nowhere, given)
            ctx.replace_input(node, given, moved, place)
        plain, more = tf_op.create_mapping(ctx.opset, ctx.extra_opset)[kind]
        plain(ctx, node, **more)

    return handler


def chosen(ctx: Any, node: Any, _name: str, _args: Any) -> None:
    """One or the other, where tf2onnx adds both times 0 or 1, which NaN and infinities outlive."""
    w = Writer(ctx, node)
    condition, made = w.inputs[0], ctx.get_dtype(node.output[0])
    ranks = [len(ctx.get_shape(name) or ()) for name in w.inputs[:2]]
    if node.type == "Select" and ranks[0] == 1 and ranks[1] > 1:  # a truth for each row
        condition = w.op("Unsqueeze", condition, w.const(np.arange(1, ranks[1], dtype=np.int64)))
    if made in _CHOSEN:
        w.answer(w.op("Where", condition, *w.inputs[1:3]))
    else:
        sides = [w.op("Cast", side, to=INT32) for side in w.inputs[1:3]]
        w.answer(w.op("Cast", w.op("Where", condition, *sides), to=made))


_CHOSEN = {FLOAT, DOUBLE, INT32, INT64, STRING}
"""Types that onnxruntime has Where for."""


def lookup(tables: Mapping[bytes, Any]) -> Handler:
    """The values of keys in a table of any types. Raises ValueError for a table that nobody filled."""

    def handler(ctx: Any, node: Any, _name: str, _args: Any) -> None:
        w = Writer(ctx, node)
        home = node.inputs[0]
        while home.type == "Identity":
            home = home.inputs[0]
        shared = home.get_attr_value("shared_name")
        if shared not in tables:
            raise ValueError("a table whose content can't be told")
        keys, values = tables[shared]
        default = np.ravel(w.fixed(2))[0]
        given, wanted = w.dtype(1), ctx.get_dtype(node.output[0])
        w.answer(w.op("Cast", labelled(w, keys, values, default), to=wanted) if wanted not in _FIELDS
                 else labelled(w, keys, values, default))  # fmt: skip
        assert given

    return handler


def labelled(w: Any, keys: Any, values: Any, default: Any) -> str:
    """What a LabelEncoder answers: whole numbers as int64, fractions as float32."""
    given, kinds = w.inputs[1], []
    fields = {}  # type: Dict[str, Any]
    for name, held in (("keys", keys), ("values", values), ("default", np.array([default]))):
        kind, plain = plainly(held)
        kinds.append(kind)
        if name == "default":
            fields["default_" + _FIELDS[kinds[1]][:-1]] = plain[0]
        else:
            fields["%s_%s" % (name, _FIELDS[kind])] = plain
    if w.dtype(1) not in _FIELDS:
        given = w.op("Cast", given, to=kinds[0])
    return str(w.op("LabelEncoder", given, domain="ai.onnx.ml", **fields))


def plainly(held: Any) -> Tuple[int, List[Any]]:
    """Keys or values as ONNX has them. Raises ValueError for float64, which has no place there."""
    held = np.asarray(held)
    if held.dtype.kind in "OSU":
        return STRING, [v if isinstance(v, bytes) else str(v).encode() for v in held.tolist()]
    if held.dtype == np.float64:
        raise ValueError("a table of float64")
    if held.dtype.kind == "f":
        return FLOAT, held.astype(np.float32).tolist()
    return INT64, held.astype(np.int64).tolist()


def table(tables: Mapping[bytes, Any]) -> Dict[str, Tuple[Handler, List[Any]]]:
    """Translations by operator, in place of tf2onnx's own; ``tables`` are keys and values by shared name."""
    found = {
        "Erfc": erfc, "Expm1": expm1, "Sigmoid": sigmoid, "DenseBincount": dense_bincount, "RFFT": rfft,
        "ComplexAbs": complex_abs, "Real": part(0), "Imag": part(1), "GatherV2": from_zero("GatherV2", 1),
        "GatherNd": from_zero("GatherNd", 1), "OneHot": from_zero("OneHot", 0),
        "Select": chosen, "SelectV2": chosen, "LookupTableFindV2": lookup(tables),
        **dict.fromkeys(resizes.KINDS, resizes.resize), **buckets.KINDS,
    }  # fmt: skip
    return {kind: (handler, []) for kind, handler in found.items()}
