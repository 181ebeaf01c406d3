"""Operations between layers that move, cut, repeat and join what there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onnxpipe.adapters.keras.calls import Call, Value, flat
from onnxpipe.adapters.keras.operands import axes_within, operand, operands, size_of
from onnxpipe.blocks import shaping
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

_END = np.iinfo(np.int64).max


@converts("keras.ops.Reshape")
def reshape(stage: Stage, x: Var) -> Var:
    """Rows reshaped each by itself where the first size is open, as it is for a batch."""
    first, *sizes = [-1 if size is None else int(size) for size in stage.newshape]
    row: Any = shape_of(x)[1:]
    known = -1 not in sizes and all(isinstance(n, int) for n in row)
    alike = known and np.prod(row, dtype=np.int64) == np.prod(sizes, dtype=np.int64)
    if first == -1 and (alike or -1 in sizes):
        return shaping.reshaped(x, sizes)
    return op.reshape(x, const([first, *sizes]))


@converts("keras.ops.Transpose")
def transpose(stage: Stage, x: Var) -> Var:
    axes = stage.get("axes")
    return op.transpose(x, perm=None if axes is None else [int(a) % len(shape_of(x)) for a in axes])


@converts("keras.ops.Swapaxes")
def swapaxes(stage: Stage, x: Var) -> Var:
    rank = len(shape_of(x))
    a, b = (int(axis) % rank for axis in (stage.axis1, stage.axis2))
    return op.transpose(x, perm=[b if i == a else a if i == b else i for i in range(rank)])


@converts("keras.ops.Moveaxis")
def moveaxis(stage: Stage, x: Var) -> Var:
    rank = len(shape_of(x))
    source, target = (_listed(axes) for axes in (stage.source, stage.destination))
    pairs = sorted((b % rank, a % rank) for a, b in zip(source, target, strict=True))
    order = [i for i in range(rank) if i not in {a for _, a in pairs}]
    for place, axis in pairs:
        order.insert(place, axis)
    return op.transpose(x, perm=order)


def _listed(told: Any) -> list[int]:
    return [int(each) for each in (told if isinstance(told, Sequence) else [told])]


@converts("keras.ops.ExpandDims")
def expand_dims(stage: Stage, x: Var) -> Var:
    return op.unsqueeze(x, const(_listed(stage.axis)))


@converts("keras.ops.Squeeze")
def squeeze(stage: Stage, x: Var) -> Var:
    told = stage.get("axis")
    ones = [i for i, size in enumerate(shape_of(x)) if size == 1 and i]
    return op.squeeze(x, const(ones if told is None else _listed(told), np.int64))


@converts("keras.ops.Concatenate")
def concatenate(stage: Stage, call: Call) -> Var:
    return op.concat(operands(stage, *flat(call.first)), axis=int(stage.axis))


@converts("keras.ops.Append")
def append(stage: Stage, call: Call) -> Var:
    parts = operands(stage, call.get(0, "x1"), call.get(1, "x2"))
    return op.concat(parts, axis=axes_within(stage, parts[0])[0])


@converts("keras.ops.Stack")
def stack(stage: Stage, call: Call) -> Var:
    axis = int(stage.get("axis", 0))
    parts = operands(stage, *flat(call.first))
    return op.concat([op.unsqueeze(part, const([axis])) for part in parts], axis=axis)


@converts("keras.ops.Split", "keras.ops.ArraySplit")
def split(stage: Stage, x: Var) -> list[Var]:
    (axis,), told = axes_within(stage, x), stage.indices_or_sections
    parts = np.array_split(np.arange(size_of(stage, x, axis)), told)
    return [op.gather(x, const(part), axis=axis) for part in parts]


@converts("keras.ops.Unstack")
def unstack(stage: Stage, x: Var) -> list[Var]:
    (axis,) = axes_within(stage, x)
    return [_only(x, i, axis) for i in range(size_of(stage, x, axis))]


def _part(x: Var, start: int, stop: int, axis: int, step: int = 1) -> Var:
    return op.slice(x, const([start]), const([stop]), const([axis]), const([step]))


def _only(x: Var, place: int, axis: int) -> Var:
    return op.gather(x, const(place), axis=axis)


@converts("keras.ops.Pad")
def pad(stage: Stage, call: Call) -> Var:
    """Pads of each axis, or the same for all."""
    x, mode = operand(stage, call.first), str(stage.get("mode", "constant"))
    if mode not in ("constant", "reflect"):
        raise stage.unsupported(f"fills up by {mode}")
    widths = np.broadcast_to(np.asarray(stage.pad_width, np.int64), (len(shape_of(x)), 2))
    if widths[0].any():
        raise stage.unsupported("adds rows")
    value = const(call.get(1, "constant_values") or 0, dtype_of(x)) if mode == "constant" else None
    return op.pad(x, const(widths.T.ravel()), value, mode=mode)


@converts("keras.ops.GetItem")
def get_item(stage: Stage, call: Call) -> Var:
    """``x[...]`` with numbers, slices, ``None`` and ``...``."""
    x, key = operand(stage, call.first), call.get(1, "key")
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    if not all(each is None or each is ... or isinstance(each, int | slice) for each in keys):
        raise stage.unsupported("takes places that rows or arrays say")
    taken = sum(each is not None and each is not ... for each in keys)
    where = next((i for i, each in enumerate(keys) if each is ...), len(keys))
    keys[where : where + 1] = [slice(None)] * (len(shape_of(x)) - taken)
    axis = 0
    for each in keys:
        x = _got(stage, x, each, axis)
        axis += not isinstance(each, int) or isinstance(each, bool)
    return x


def _got(stage: Stage, x: Var, key: Any, axis: int) -> Var:
    if key is None:
        return op.unsqueeze(x, const([axis]))
    if isinstance(key, int):
        if axis == 0:
            raise stage.unsupported("mixes rows with each other")
        return _only(x, key, axis)
    if key == slice(None):
        return x
    step = int(key.step or 1)
    start = (0 if step > 0 else _END) if key.start is None else int(key.start)
    stop = (_END if step > 0 else -_END) if key.stop is None else int(key.stop)
    return _part(x, start, stop, axis, step)


@converts("keras.ops.Take", "keras.ops.TakeAlongAxis")
def take(stage: Stage, call: Call) -> Var:
    x, told = operand(stage, call.first), call.get(1, "indices")
    (axis,) = axes_within(stage, x)
    places = told.var if isinstance(told, Value) else const(np.asarray(told, np.int64))
    along = stage.kind.endswith("AlongAxis")
    return (op.gather_elements if along else op.gather)(x, cast(places, np.int64), axis=axis)


@converts("keras.ops.Flip")
def flip(stage: Stage, x: Var) -> Var:
    for axis in axes_within(stage, x):
        x = _part(x, -1, -_END, axis, -1)
    return x


@converts("keras.ops.Roll")
def roll(stage: Stage, x: Var) -> Var:
    (axis,) = axes_within(stage, x)
    by = int(stage.shift) % size_of(stage, x, axis)
    return op.concat([_part(x, -by, _END, axis), _part(x, 0, -by, axis)], axis=axis) if by else x


@converts("keras.ops.Repeat")
def repeat(stage: Stage, x: Var) -> Var:
    (axis,) = axes_within(stage, x)
    places = np.repeat(np.arange(size_of(stage, x, axis)), stage.repeats)
    return op.gather(x, const(places), axis=axis)


@converts("keras.ops.Tile")
def tile(stage: Stage, x: Var) -> Var:
    times = _listed(stage.repeats)
    times = [1] * (len(shape_of(x)) - len(times)) + times
    if times[0] != 1:
        raise stage.unsupported("repeats rows")
    return op.tile(x, const(times))


@converts("keras.ops.OneHot")
def one_hot(stage: Stage, x: Var) -> Var:
    if stage.get("axis", -1) != -1 or stage.get("sparse"):
        raise stage.unsupported("encodes along another axis, or to sparse tensors")
    told = stage.get("dtype")
    places = const(np.arange(int(stage.num_classes)))
    hits = op.equal(op.unsqueeze(cast(x, np.int64), const([len(shape_of(x))])), places)
    return cast(hits, np.dtype(told) if isinstance(told, str) else np.float32)


@converts("keras.ops.OnesLike", "keras.ops.ZerosLike", "keras.ops.FullLike")
def full_like(stage: Stage, call: Call) -> Var:
    x, told = operand(stage, call.first), stage.get("dtype")
    fills = {"OnesLike": 1, "ZerosLike": 0}
    value = fills.get(stage.kind.rpartition(".")[2], call.get(1, "fill_value"))
    if not isinstance(value, int | float):
        raise stage.unsupported("fills with what rows say")
    return op.expand(const(value, np.dtype(told) if isinstance(told, str) else dtype_of(x)), op.shape(x))


@converts("keras.ops.Tril", "keras.ops.Triu")
def triangle(stage: Stage, x: Var) -> Var:
    return op.trilu(x, const(int(stage.get("k") or 0)), upper=int(stage.kind.endswith("Triu")))
