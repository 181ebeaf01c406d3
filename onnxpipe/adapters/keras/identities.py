"""Layers that do something in training alone: at inference what comes in goes out."""

from __future__ import annotations

from onnxpipe.core.ops import Var
from onnxpipe.core.plan import Stage
from onnxpipe.core.registry import converts


@converts(
    "keras.layers.ActivityRegularization", "keras.layers.AlphaDropout", "keras.layers.Dropout",
    "keras.layers.GaussianDropout", "keras.layers.GaussianNoise", "keras.layers.Identity",
    "keras.layers.SpatialDropout1D", "keras.layers.SpatialDropout2D", "keras.layers.SpatialDropout3D",
)  # fmt: skip
def identity(stage: Stage, x: Var) -> Var:
    return x
