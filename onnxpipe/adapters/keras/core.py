"""Layers of plain arithmetic and shape: dense ones, embeddings, identities, reshaping."""

from __future__ import annotations

from onnxpipe.adapters.keras import activations
from onnxpipe.adapters.keras.layers import own
from onnxpipe.core.ops import Var, const, op
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts("keras.layers.Dense")
def dense(stage: Stage, x: Var) -> Var:
    """``activation(x @ kernel + bias)`` over the last axis."""
    kernel, *bias = own(stage)
    y = op.matmul(x, const(kernel))
    return activations.named(stage, y + bias[0] if stage.use_bias else y)
