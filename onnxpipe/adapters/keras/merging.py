"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Value, Values
from onnxpipe.blocks.networks import normalising
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


def _alike(xs: Values) -> list[Var]:
    """The tensors in one dtype and rank: axes of 1 come in after the batch. Source: Merge.call."""
    rank = max(len(shape_of(x.var)) for x in xs)
    common = _common(xs)
    added = [rank - len(shape_of(x.var)) for x in xs]
    lifted = [
        op.unsqueeze(x.var, const(list(range(1, n + 1)))) if n else x.var
        for x, n in zip(xs, added, strict=True)
    ]
    return [cast(var, common) for var in lifted]


def _either(xs: Values) -> Var | None:
    """Steps that any of them counts; none of it where one has no mask. Source: Merge.compute_mask."""
    masks = [x.mask for x in xs if x.mask is not None]
    return reduce(op.or_, masks) if masks and len(masks) == len(xs) else None


@converts("keras.layers.Add")
def add(stage: Stage, xs: Values) -> Value:
    return Value(reduce(op.add, _alike(xs)), _either(xs))


@converts("keras.layers.Subtract")
def subtract(stage: Stage, xs: Values) -> Value:
    return Value(reduce(op.sub, _alike(xs)), _either(xs))


@converts("keras.layers.Average")
def average(stage: Stage, xs: Values) -> Value:
    parts = _alike(xs)
    return Value(op.div(reduce(op.add, parts), const(len(parts), dtype_of(parts[0]))), _either(xs))


@converts("keras.layers.Multiply")
def multiply(stage: Stage, xs: Values) -> Value:
    """What a mask leaves out counts as 1, and as 0 where all do. Source: Multiply._merge_function."""
    parts, either = _alike(xs), _either(xs)
    one, zero = (const(value, dtype_of(parts[0])) for value in (1, 0))
    kept = [
        p if x.mask is None else op.where(_wide(x.mask, p), p, one) for x, p in zip(xs, parts, strict=True)
    ]
    product = reduce(op.mul, kept)
    if either is not None:
        product = op.where(_wide(either, product), product, zero)
    return Value(product, either)


@converts("keras.layers.Maximum")
def maximum(stage: Stage, xs: Values) -> Value:
    return _compared(stage, xs, lambda a, b: op.max([a, b]))


@converts("keras.layers.Minimum")
def minimum(stage: Stage, xs: Values) -> Value:
    return _compared(stage, xs, lambda a, b: op.min([a, b]))


def _compared(stage: Stage, xs: Values, better: Callable[[Var, Var], Var]) -> Value:
    if any(x.mask is not None for x in xs):
        raise stage.unsupported("compares tensors with masks")
    return Value(reduce(better, _alike(xs)))


def _wide(mask: Var, like: Var) -> Var:
    return op.unsqueeze(mask, const(list(range(len(shape_of(mask)), len(shape_of(like))))))


@converts("keras.layers.Concatenate")
def concatenate(stage: Stage, xs: Values) -> Value:
    return Value(op.concat(_alike_types(xs), axis=int(stage.axis)), _joined(stage, xs))


def _joined(stage: Stage, xs: Values) -> Var | None:
    """Steps in which any feature counts; all of a tensor without a mask. Source: Concatenate.compute_mask."""
    if all(x.mask is None for x in xs):
        return None
    wide = [op.and_(_true(x.var), _true(x.var) if x.mask is None else _wide(x.mask, x.var)) for x in xs]
    joined = cast(op.concat(wide, axis=int(stage.axis)), np.int64)
    last = const([len(shape_of(xs[0].var)) - 1])
    return op.greater(op.reduce_max(joined, last, keepdims=0), const(0))


def _true(x: Var) -> Var:
    return op.expand(const(True), op.shape(x))


@converts("keras.layers.Dot")
def dot(stage: Stage, xs: Values) -> Value:
    """Sums of products along one axis of each. Formula: keras.src.layers.merging.dot.batch_dot."""
    a, b = _alike_types(xs)
    first, second = _axes(stage.axes, len(shape_of(a)), len(shape_of(b)))
    if stage.get("normalize"):
        a, b = normalising.unit(a, [first], 1e-7), normalising.unit(b, [second], 1e-7)
    if max(len(shape_of(a)), len(shape_of(b))) > 3:
        raise stage.unsupported("multiplies tensors of more than two axes besides the batch")
    left, right = _last(a, first), _last(b, second)
    y = op.matmul(left, op.transpose(right, perm=[0, 2, 1]))
    dropped = [i for i, x in ((1, a), (2, b)) if len(shape_of(x)) == 2]
    return Value(op.squeeze(y, const(dropped[:1])) if dropped else y)


def _last(x: Var, axis: int) -> Var:
    """``x`` ``[N, m, k]``, the axis of size k last; m is 1 for a matrix."""
    if len(shape_of(x)) == 2:
        return op.unsqueeze(x, const([1]))
    return op.transpose(x, perm=[0, 2, 1]) if axis == 1 else x


def _alike_types(xs: Values) -> list[Var]:
    common = _common(xs)
    return [cast(x.var, common) for x in xs]


def _common(xs: Values) -> Any:
    """The dtype of all together: the floats' own where whole numbers join them, as Keras has it."""
    kinds = [dtype_of(x.var) for x in xs]
    return np.result_type(*([kind for kind in kinds if kind.kind == "f"] or kinds))


def _axes(axes: Any, *ranks: int) -> Sequence[int]:
    given = [axes] * 2 if isinstance(axes, int) else axes
    return [int(axis) % rank for axis, rank in zip(given, ranks, strict=True)]
