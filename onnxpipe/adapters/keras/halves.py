"""Layers under a float16 policy: operands and answers rounded where Keras casts them.

Inside a layer the graph computes in float32 and rounds products, sums with a bias and answers to float16.
So does TensorFlow on the CPU, whose products of float16 are exact sums rounded once; what it rounds besides,
inside an activation or from one step of a sequence to the next, makes up to four steps of float16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.keras.weights import Weights
from onnxpipe.core.ops import Var, cast, dtype_of
from onnxpipe.core.plan import Stage

Array = NDArray[Any]

HALF = "float16"
POLICIES = (HALF, "mixed_float16")
MODELS = ("keras.Functional", "keras.Sequential")
"""These have a policy too, and neither compute nor cast anything themselves."""
_LAYERS = frozenset([
    "Activation", "ActivityRegularization", "AdaptiveAveragePooling2D", "Add", "AdditiveAttention",
    "AlphaDropout", "Attention", "Average", "AveragePooling1D", "AveragePooling2D",
    "BatchNormalization", "Bidirectional", "CenterCrop", "Concatenate", "Conv1D", "Conv1DTranspose",
    "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Cropping1D", "Cropping2D",
    "Cropping3D", "Dense", "DepthwiseConv1D", "DepthwiseConv2D", "Dot", "Dropout", "ELU",
    "EinsumDense", "Embedding", "Flatten", "GRU", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
    "GroupQueryAttention", "Identity", "LSTM", "LayerNormalization", "LeakyReLU", "Masking",
    "MaxPooling1D", "MaxPooling2D", "Maximum", "Minimum", "MultiHeadAttention", "Multiply",
    "Normalization", "PReLU", "Permute", "RMSNormalization", "RandomContrast", "RandomFlip",
    "RandomRotation", "RandomZoom", "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing",
    "SeparableConv1D", "SeparableConv2D", "SimpleRNN", "Softmax",
    "SpectralNormalization", "Subtract", "TimeDistributed", "UnitNormalization",
    "UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D",
    "ZeroPadding3D",
])  # fmt: skip
"""Layers whose answers under such a policy are compared with Keras's in the tests."""
_WHOLE = ("BatchNormalization", "LayerNormalization", "GroupNormalization")
"""Layers whose weights a mixed policy leaves in single precision: ``autocast=False`` in Keras's source."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """Weights rounded to float16, in single precision."""

    held: Weights

    def arrays(self) -> dict[str, Array]:
        return {name: rounded(array) for name, array in self.held.arrays().items()}

    def inside(self, attribute: str, name: str) -> Rounded:
        return Rounded(self.held.inside(attribute, name))

    def layers(self, kinds: Sequence[tuple[str, str]]) -> list[Weights]:
        return [Rounded(each) for each in self.held.layers(kinds)]


def rounded(array: Array) -> Array:
    """Floats as float16 holds them; what is too large is infinite."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float16).astype(np.float32)


def policy(stage: Stage) -> Any:
    """The name of the policy that a layer computes under, or of its type."""
    told = stage.get("dtype")
    return told.get("config", {}).get("name") if isinstance(told, Mapping) else told


def is_half(stage: Stage) -> bool:
    """Whether a layer computes in float16."""
    return stage.kind not in MODELS and policy(stage) in POLICIES


def halved(stage: Stage) -> Stage:
    """A stage that computes in float16. Raises Unsupported for a layer that isn't known to."""
    name = stage.kind.rpartition(".")[2]
    if name not in _LAYERS:
        raise stage.unsupported(f"computes in {HALF}, in which this layer wasn't compared with Keras's")
    whole = name in _WHOLE and policy(stage) != HALF
    saved = stage.saved if whole else Rounded(stage.saved)
    return replace(stage, state={**stage.state, "saved": saved, HALF: True})


def settled(stage: Stage, x: Var) -> Var:
    """A result on the way, rounded where the stage computes in float16."""
    return cast(cast(x, np.float16), np.float32) if stage.get(HALF) else x


def widened(x: Var) -> Var:
    """Floats that went through float16, to compute with in single precision."""
    return cast(cast(x, np.float16), np.float32) if dtype_of(x).kind == "f" else x


def narrowed(x: Var) -> Var:
    """An answer in float16."""
    return cast(x, np.float16) if dtype_of(x).kind == "f" else x
