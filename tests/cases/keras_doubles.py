"""Rows for layers that compute in float64."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Layer, layer, net, on

POLICY = {"dtype": "float64"}


def of_steps(keras: Any) -> Any:
    """Recurrent layers, with steps left out and none."""
    k, x = keras.layers, keras.Input((5, 4), dtype="float64", name="x")
    y = k.Bidirectional(k.LSTM(3, return_sequences=True, **POLICY), **POLICY)(k.Masking(**POLICY)(x))
    y = k.TimeDistributed(k.Dense(4, activation="relu", **POLICY), **POLICY)(y)
    z = k.GRU(3, reset_after=False, **POLICY)(x)
    return keras.Model(x, [k.GRU(3, **POLICY)(y), k.SimpleRNN(3, **POLICY)(y), z])


def of_pairs(keras: Any) -> Any:
    """Layers of several tensors, and operations."""
    k, x = keras.layers, keras.Input((4, 6), dtype="float64", name="x")
    y = k.Masking(**POLICY)(x)
    kinds = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Concatenate")
    found = [getattr(k, kind)(**POLICY)([x, y * 2.0]) for kind in kinds]
    found += [k.Dot(1, **POLICY)([x, x]), k.Attention(use_scale=True, **POLICY)([y, x])]
    found += [k.AdditiveAttention(**POLICY)([x, x]), k.GroupQueryAttention(4, 4, 2, **POLICY)(x, x)]
    return keras.Model(x, [*found, k.MultiHeadAttention(2, 3, **POLICY)(x, y, use_causal_mask=True)])


ALONE: tuple[tuple[tuple[int, ...], Layer], ...] = (
    *(((4,), layer(name, **POLICY)) for name in ("PReLU", "ReLU", "Softmax", "BatchNormalization")),
    *(((4,), layer(name, **POLICY)) for name in ("ActivityRegularization", "Identity")),
    *(((4,), layer(name, 0.1, **POLICY)) for name in ("Dropout", "GaussianNoise", "AlphaDropout")),
    *(((4,), layer("Activation", name, **POLICY)) for name in ("sigmoid", "tanh", "silu", "softmax")),
    ((4,), layer("SpectralNormalization", layer("Dense", 3, **POLICY), **POLICY)),
    ((4,), layer("Normalization", mean=0.1, variance=0.3, **POLICY)),
    ((4,), layer("Rescaling", 0.1, **POLICY)),
    ((3,), layer("RepeatVector", 2, **POLICY)),
    *(((6, 4), layer(name, **POLICY)) for name in ("RMSNormalization", "LayerNormalization")),
    *(((6, 4), layer(name, **POLICY)) for name in ("UnitNormalization", "Flatten", "ZeroPadding1D")),
    *(((6, 4), layer(f"Global{way}Pooling1D", **POLICY)) for way in ("Average", "Max")),
    *(((6, 4), layer(name, 2, **POLICY)) for name in ("GroupNormalization", "MaxPooling1D", "Cropping1D")),
    *(((6, 4), layer(name, told, **POLICY)) for name, told in (("Permute", (2, 1)), ("Reshape", (4, 6)))),
    ((6, 4), layer("EinsumDense", "abc,cd->abd", (None, 3), **POLICY)),
    *(((4, 4, 3), layer(name, **POLICY)) for name in ("ZeroPadding2D", "MaxPooling2D")),
    ((4, 4, 3), layer("AdaptiveAveragePooling2D", 2, **POLICY)),
    *(((4, 4, 3), layer(name, 2, 2, **POLICY)) for name in ("CenterCrop", "Resizing")),
    ((4, 4, 3), layer("GlobalAveragePooling2D", **POLICY)),
)
"""Layers by themselves."""

CASES = [
    *(Case(on(shape, each, dtype="float64")) for shape, each in ALONE),
    Case(on((4,), layer("Embedding", 4, 2, **POLICY), dtype="int32")),
    Case(net(of_steps, "keras.layers.LSTM", "keras.layers.GRU", "keras.layers.SimpleRNN")),
    Case(net(of_pairs, "keras.layers.MultiHeadAttention")),
    Case(
        on((4, 4, 3), layer("Conv2D", 2, 2, **POLICY)), refused="computes in float64, in which this layer",
        reason="onnxruntime has no Conv in double precision",
    ),
    Case(
        on((4,), layer("Dense", 2, activation="gelu", **POLICY)), refused="bends float64 by gelu",
        reason="onnxruntime has no Erf in double precision",
    ),
]  # fmt: skip
