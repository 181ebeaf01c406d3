"""Layers of plain arithmetic and shape: dense ones, embeddings, masks, reshaping."""

from __future__ import annotations

import string

import numpy as np

from onnxpipe.adapters.keras import activations
from onnxpipe.adapters.keras.calls import Call, Value
from onnxpipe.adapters.keras.halves import settled
from onnxpipe.adapters.keras.layers import own
from onnxpipe.adapters.keras.older import FROM_START
from onnxpipe.blocks import shaping
from onnxpipe.blocks.networks.contracting import contracted
from onnxpipe.core.guards import looked_up
from onnxpipe.core.ops import Var, cast, const, dtype_of, op, shape_of
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.layers.Dense", within=activations.borders)
def dense(stage: Stage, x: Var) -> Var:
    """``activation(x @ kernel + bias)`` over the last axis."""
    kernel, *bias = own(stage)
    y = settled(stage, op.matmul(cast(x, kernel.dtype), const(kernel)))
    return activations.named(stage, y + bias[0] if stage.use_bias else y)


@converts("keras.layers.EinsumDense", within=activations.borders)
def einsum_dense(stage: Stage, x: Var) -> Var:
    """``activation(einsum(equation, x, kernel) + bias)``."""
    kernel, *bias = own(stage)
    try:
        y = settled(stage, contracted(x, kernel, _spelled_out(str(stage.equation), len(shape_of(x)))))
    except ValueError as error:
        raise stage.unsupported(f"has an equation that isn't one of rows and weights: {error}") from None
    return activations.named(stage, y + bias[0] if bias else y)


def _spelled_out(equation: str, rank: int) -> str:
    """An equation with letters in place of ``...``."""
    spare = [c for c in string.ascii_letters if c not in equation]
    given = equation.split(",")[0].strip()
    return equation.replace("...", "".join(spare[: rank - len(given.replace("...", ""))])).replace(" ", "")


@converts("keras.layers.Embedding", edges=lambda stage: {0: [0, len(own(stage)[0]) - 1]})
def embedding(stage: Stage, x: Value) -> Value:
    """A row of weights per whole number; past the end the row is refused.

    Below 0 it counts from the end, but in Keras 2 (older.FROM_START), which refuses that on the CPU.
    """
    table, from_end = own(stage)[0], not stage.get(FROM_START)
    index = cast(cast(x.var, np.int32) if dtype_of(x.var).kind == "f" else x.var, np.int64)
    mask = op.not_(op.equal(x.var, const(0, dtype_of(x.var)))) if stage.get("mask_zero") else None
    if not from_end:
        index = op.where(op.less(index, const(0)), const(len(table)), index)
    return Value(looked_up(stage.context, table, index, from_end=from_end), mask)


@converts("keras.layers.ReversibleEmbedding")
def reversible_embedding(stage: Stage, call: Call) -> Value:
    """An embedding, or with ``reverse`` how near each row comes to every word's.

    Formula: keras.layers.ReversibleEmbedding.call.
    """
    if not call.get(1, "reverse"):
        return embedding(stage, call.first)
    table, *other = own(stage)
    logits, cap = (
        op.matmul(call.first.var, const(other[0] if other else table.T)),
        stage.get("logit_soft_cap"),
    )
    if stage.get("reverse_dtype") not in (None, "float32"):
        raise stage.unsupported(f"computes in {stage.reverse_dtype!s:.20}")
    if cap is None:
        return Value(logits)
    most = const(np.float32(cap))
    return Value(op.mul(op.tanh(op.div(logits, most)), most))


@converts("keras.layers.Masking")
def masking(stage: Stage, x: Var) -> Value:
    """Steps that hold nothing but the mask's value become 0 and are left out."""
    unlike = cast(op.not_(op.equal(x, const(stage.mask_value, dtype_of(x)))), np.int64)
    last = const([len(shape_of(x)) - 1])
    kept = op.greater(op.reduce_max(unlike, last), const(0))
    return Value(op.where(kept, x, const(0, dtype_of(x))), op.squeeze(kept, last))


@converts("keras.layers.Flatten")
def flatten(stage: Stage, x: Var) -> Var:
    rank = len(shape_of(x))
    if stage.get("data_format") == "channels_first" and rank > 2:
        x = op.transpose(x, perm=[0, *range(2, rank), 1])
    return op.flatten(x, axis=1)


@converts("keras.layers.Reshape")
def reshape(stage: Stage, x: Var) -> Var:
    return shaping.reshaped(x, [-1 if size is None else int(size) for size in stage.target_shape])


@converts("keras.layers.Permute")
def permute(stage: Stage, x: Var) -> Var:
    return op.transpose(x, perm=[0, *map(int, stage.dims)])


@converts("keras.layers.RepeatVector")
def repeat_vector(stage: Stage, x: Var) -> Var:
    return op.tile(op.unsqueeze(x, const([1])), const([1, int(stage.n), 1]))
