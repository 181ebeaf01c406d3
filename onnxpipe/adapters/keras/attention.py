"""Attention: several heads, and the plain product."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.calls import Call, Value
from onnxpipe.adapters.keras.layers import own, part
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts

Array = NDArray[Any]

_NEVER = np.float32(-0.7 * np.finfo(np.float32).max)
"""The score of what a mask leaves out. Source: keras.src.backend.tensorflow.nn, dot_product_attention."""


@converts("keras.layers.MultiHeadAttention")
def multi_head_attention(stage: Stage, call: Call) -> Any:
    """Formula: keras.layers.MultiHeadAttention.call, with one axis of steps."""
    query, value = call.args[0], call.get(1, "value")
    key = call.get(2, "key") or value
    if (
        list(stage.get("attention_axes") or [1]) != [1]
        or stage.get("use_gate")
        or stage.get("sliding_window")
    ):
        raise stage.unsupported("attends along other axes, through a gate or through a window")
    q, k, v = (_heads(stage, x.var, n) for x, n in ((query, "query"), (key, "key"), (value, "value")))
    scale = np.float32(1 / np.sqrt(float(stage.key_dim)))
    scores = op.matmul(op.mul(q, const(scale)), op.transpose(k, perm=[0, 1, 3, 2]))
    mask = _mask(call, query, value, scores)
    weights = op.softmax(scores if mask is None else op.where(mask, scores, const(_NEVER)), axis=-1)
    answer = _together(stage, op.matmul(weights, v))
    if not call.kwargs.get("return_attention_scores"):
        return answer
    if mask is not None:
        raise stage.unsupported("answers scores of what a mask leaves out")
    return [answer, weights]


def _heads(stage: Stage, x: Var, name: str) -> Var:
    """``x`` ``[N, T, d]`` projected, ``[N, heads, T, size]``."""
    kernel, *bias = part(stage, f"{name}_dense", name)
    heads, size = kernel.shape[1:]
    y = op.matmul(x, const(kernel.reshape(len(kernel), -1)))
    y = op.add(y, const(bias[0].reshape(-1))) if bias else y
    return op.transpose(op.reshape(y, const([0, 0, heads, size])), perm=[0, 2, 1, 3])


def _together(stage: Stage, x: Var) -> Var:
    """``x`` ``[N, heads, T, size]`` of all heads projected, ``[N, T, d]``."""
    kernel, *bias = part(stage, "output_dense", "attention_output")
    rows = op.reshape(op.transpose(x, perm=[0, 2, 1, 3]), const([0, 0, kernel.shape[0] * kernel.shape[1]]))
    y = op.matmul(rows, const(kernel.reshape(kernel.shape[0] * kernel.shape[1], -1)))
    return op.add(y, const(bias[0].reshape(-1))) if bias else y


def _mask(call: Call, query: Value, value: Value, scores: Var) -> Var | None:
    """bool, to be broadcast to ``[N, heads, T, S]``: what each step may look at, None for all."""
    given = call.kwargs.get("attention_mask")
    found = []
    if isinstance(given, Value):
        found.append(op.unsqueeze(op.cast(given.var, to=np.bool_), const([1])))
    if query.mask is not None:
        found.append(op.unsqueeze(query.mask, const([1, 3])))
    if value.mask is not None:
        found.append(op.unsqueeze(value.mask, const([1, 2])))
    if call.kwargs.get("use_causal_mask"):
        ones = op.expand(const(1), op.shape(scores, start=2, end=4))
        found.append(op.cast(op.trilu(ones, upper=0), to=np.bool_))
    whole: Var | None = None
    for each in found:
        whole = each if whole is None else op.and_(whole, each)
    return whole


@converts("keras.layers.Attention")
def attention(stage: Stage, call: Call) -> Any:
    """``softmax(query @ key.T * scale) @ value``. Formula: keras.layers.Attention.call."""
    query, value, *key = call.first
    masked = any(x.mask is not None for x in (query, value, *key)) or call.kwargs.get("use_causal_mask")
    if masked or stage.get("score_mode", "dot") != "dot" or isinstance(call.get(1, "mask"), list):
        raise stage.unsupported("masks steps, or adds queries and keys")
    turned = op.transpose((key or [value])[0].var, perm=[0, 2, 1])
    scores = op.matmul(query.var, turned)
    if stage.get("use_scale"):
        scores = op.mul(scores, const(own(stage)[0]))
    weights = op.softmax(scores, axis=-1)
    answer = op.matmul(weights, value.var)
    return [answer, weights] if call.kwargs.get("return_attention_scores") else answer
