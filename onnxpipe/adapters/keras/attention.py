"""Attention: several heads, and the plain product."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.calls import Call, Value
from onnxpipe.adapters.keras.layers import own, part
from onnxpipe.core.ops import Var, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]


@converts("keras.layers.MultiHeadAttention")
def multi_head_attention(stage: Stage, call: Call) -> Any:
    """Formula: keras.layers.MultiHeadAttention.call, with one axis of steps."""
    if list(stage.get("attention_axes") or [1]) != [1]:
        raise stage.unsupported("attends along other axes than the first")
    return _headed(stage, call, float(stage.key_dim), 1)


@converts("keras.layers.GroupQueryAttention")
def group_query_attention(stage: Stage, call: Call) -> Any:
    """Several heads of the query share one of key and value. Formula: GroupedQueryAttention.call."""
    times = int(stage.num_query_heads) // int(stage.num_key_value_heads)
    return _headed(stage, call, float(stage.head_dim), times)


def _headed(stage: Stage, call: Call, size: float, times: int) -> Any:
    """Attention of heads of a size; each of key and value serves as many of the query as ``times``."""
    query, value = call.args[0], call.get(1, "value")
    key = call.get(2, "key") or value
    if stage.get("use_gate") or stage.get("sliding_window"):
        raise stage.unsupported("attends through a gate or a window")
    q, k, v = (_heads(stage, x.var, n) for x, n in ((query, "query"), (key, "key"), (value, "value")))
    k, v = (_repeated(x, times) for x in (k, v))
    scale = const(1 / np.sqrt(size), dtype_of(q))
    scores = op.matmul(op.mul(q, scale), op.transpose(k, perm=[0, 1, 3, 2]))
    asked = bool(call.kwargs.get("return_attention_scores"))
    weights = _weights(scores, _mask(call, (query, value, key), scores), asked or bool(stage.get("dropout")))
    answer = _together(stage, op.matmul(weights, v))
    return [Value(answer, query.mask), Value(weights)] if asked else Value(answer, query.mask)


def _weights(scores: Var, mask: Var | None, shown: bool) -> Var:
    """Softmax of what the mask leaves. Where scores are shown or dropped out, Keras masks in another way:
    by its layer Softmax, which leaves zeros to a step that may look at nothing.
    Source: keras.src.backend.tensorflow.nn, dot_product_attention; keras.layers.Softmax.call.
    """
    if mask is None:
        return op.softmax(scores, axis=-1)
    kind = dtype_of(scores)
    if not shown:
        never = -0.7 * float(np.finfo(kind).max)
        return op.softmax(op.where(mask, scores, const(never, kind)), axis=-1)
    kept = op.softmax(op.where(mask, scores, const(-1e9, kind)), axis=-1)
    return op.where(mask, kept, const(0, kind))


def _repeated(x: Var, times: int) -> Var:
    """Each head of ``x`` ``[N, heads, T, size]`` as many times in a row."""
    count = shape_of(x)[1]
    return x if times == 1 else op.gather(x, const(np.repeat(np.arange(count), times)), axis=1)


def _heads(stage: Stage, x: Var, name: str) -> Var:
    """``x`` ``[N, T, d]`` projected, ``[N, heads, T, size]``."""
    kernel, *bias = _dense(stage, name)
    heads, size = kernel.shape[1:]
    y = op.matmul(x, const(kernel.reshape(len(kernel), -1)))
    y = op.add(y, const(bias[0].reshape(-1))) if bias else y
    return op.transpose(op.reshape(y, const([0, 0, heads, size])), perm=[0, 2, 1, 3])


def _dense(stage: Stage, name: str) -> list[Array]:
    """The weights of a projection, under the attribute that the layer has it as."""
    private = "_" if stage.kind.endswith("GroupQueryAttention") else ""
    return part(stage, f"{private}{name}_dense", "attention_output" if name == "output" else name)


def _together(stage: Stage, x: Var) -> Var:
    """``x`` ``[N, heads, T, size]`` of all heads projected, ``[N, T, d]``."""
    kernel, *bias = _dense(stage, "output")
    rows = op.reshape(op.transpose(x, perm=[0, 2, 1, 3]), const([0, 0, kernel.shape[0] * kernel.shape[1]]))
    y = op.matmul(rows, const(kernel.reshape(kernel.shape[0] * kernel.shape[1], -1)))
    return op.add(y, const(bias[0].reshape(-1))) if bias else y


def _mask(call: Call, given: tuple[Value, Value, Value], scores: Var) -> Var | None:
    """bool, to be broadcast to ``[N, heads, T, S]``: what each step may look at, None for all."""
    query, value, key = given
    told = call.kwargs.get("attention_mask")
    found = [op.unsqueeze(op.cast(told.var, to=np.bool_), const([1]))] if isinstance(told, Value) else []
    if query.mask is not None:
        found.append(op.unsqueeze(query.mask, const([1, 3])))
    for each in (value, key) if key is not value else (value,):
        if each.mask is not None:
            found.append(op.unsqueeze(each.mask, const([1, 2])))
    if call.kwargs.get("use_causal_mask"):
        found.append(_earlier(scores, 2))
    return reduce(op.and_, found) if found else None


def _earlier(scores: Var, first: int) -> Var:
    """bool ``[T, S]``: whether a step is one's own or an earlier one."""
    ones = op.expand(const(1), op.shape(scores, start=first, end=first + 2))
    return op.cast(op.trilu(ones, upper=0), to=np.bool_)


@converts("keras.layers.Attention", "keras.layers.AdditiveAttention")
def attention(stage: Stage, call: Call) -> Any:
    """Formula: keras.layers.Attention.call; what a mask leaves out scores 1e9 less."""
    query, value, *key = call.first
    told = call.get(1, "mask")
    masks = [m.var if isinstance(m, Value) else None for m in told] if isinstance(told, list) else []
    first, second = masks[:2] if masks else (query.mask, value.mask)
    scores = _scores(stage, query.var, (key or [value])[0].var)
    seen = [] if second is None else [op.unsqueeze(second, const([1]))]
    seen += [_earlier(scores, 1)] if call.kwargs.get("use_causal_mask") else []
    if seen:
        scores = op.where(reduce(op.and_, seen), scores, op.sub(scores, const(1e9, dtype_of(scores))))
    weights = op.softmax(scores, axis=-1)
    answer = op.matmul(weights, value.var)
    if first is not None:
        answer = op.where(op.unsqueeze(first, const([2])), answer, const(0, dtype_of(answer)))
    whole = Value(answer, first)
    return [whole, Value(weights)] if call.kwargs.get("return_attention_scores") else whole


def _scores(stage: Stage, query: Var, key: Var) -> Var:
    """How well steps of the query go with those of the key: by products, or by sums bent."""
    weights = iter(own(stage))
    additive = stage.kind.endswith("AdditiveAttention")
    scale = const(next(weights)) if stage.get("use_scale", additive) else None
    if not additive and stage.get("score_mode", "dot") == "dot":
        scores = op.matmul(query, op.transpose(key, perm=[0, 2, 1]))
        return scores if scale is None else op.mul(scores, scale)
    pairs = op.add(op.unsqueeze(query, const([2])), op.unsqueeze(key, const([1])))
    if additive:
        bent = op.tanh(pairs)
        return op.reduce_sum(bent if scale is None else op.mul(scale, bent), const([3]), keepdims=0)
    bent = op.tanh(pairs if scale is None else op.mul(scale, pairs))
    return op.mul(const(next(weights)), op.reduce_sum(bent, const([3]), keepdims=0))
