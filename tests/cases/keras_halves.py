"""Rows for layers that compute in float16."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Layer, layer, net, on

STEPS = 2.0**-8
"""Four steps of float16, relative: what a judge takes such graphs to."""
WHY = "TensorFlow rounds every operation to float16"
POLICY = {"dtype": "mixed_float16"}


def of_images(keras: Any) -> Any:
    """Convolutions, sums and pools under a policy, and a head in single precision, as Keras advises."""
    k, x = keras.layers, keras.Input((8, 8, 3), name="x")
    y = k.Rescaling(0.5, **POLICY)(x)
    y = k.Conv2D(4, 3, padding="same", use_bias=False, **POLICY)(k.ZeroPadding2D(1, **POLICY)(y))
    y = k.ReLU(**POLICY)(k.BatchNormalization(**POLICY)(y))
    z = k.SeparableConv2D(4, 3, padding="same", activation="relu", **POLICY)(y)
    z = k.DepthwiseConv2D(3, padding="same", **POLICY)(k.Dropout(0.5, **POLICY)(z))
    y = k.MaxPooling2D(2, **POLICY)(k.Multiply(**POLICY)([k.Add(**POLICY)([y, z]), y]))
    y = k.Conv2DTranspose(3, 2, activation="swish", **POLICY)(k.Cropping2D(1, **POLICY)(y))
    more = [k.GlobalMaxPooling2D(**POLICY)(y), k.GlobalAveragePooling2D(**POLICY)(y)]
    joined = k.Concatenate(**POLICY)([k.Flatten(**POLICY)(k.AveragePooling2D(2, **POLICY)(y)), *more])
    heads = [k.Dense(3, activation="softmax", name="head"), k.Dense(2, **POLICY)]
    return keras.Model(x, [head(joined) for head in heads])


def of_words(keras: Any) -> Any:
    """A block of a transformer."""
    k, x = keras.layers, keras.Input((6,), dtype="int32", name="x")
    y = k.Embedding(4, 8, **POLICY)(x)
    y = k.LayerNormalization(**POLICY)(y + k.MultiHeadAttention(2, 4, **POLICY)(y, y))
    z = k.EinsumDense("abc,cd->abd", (6, 16), bias_axes="d", activation="gelu", **POLICY)(y)
    z = k.Dense(8, **POLICY)(z) + y
    first = k.Activation("tanh", **POLICY)(k.GlobalAveragePooling1D(**POLICY)(z))
    return keras.Model(x, [first, k.GlobalMaxPooling1D(**POLICY)(k.Permute((2, 1), **POLICY)(z)), z * 2.0])


def of_steps(keras: Any) -> Any:
    """Recurrent layers."""
    k, x = keras.layers, keras.Input((5, 4), name="x")
    y = k.Bidirectional(k.LSTM(3, return_sequences=True, **POLICY), **POLICY)(x)
    y = k.TimeDistributed(k.Dense(4, activation="relu", **POLICY), **POLICY)(y)
    return keras.Model(x, [k.GRU(3, **POLICY)(y), k.SimpleRNN(3, **POLICY)(y)])


def of_signals(keras: Any) -> Any:
    """Layers along one axis, and what is left."""
    k, x = keras.layers, keras.Input((8, 2), name="x")
    y = k.LeakyReLU(**POLICY)(k.Conv1D(4, 3, **POLICY)(k.ZeroPadding1D(2, **POLICY)(x)))
    y = k.ELU(**POLICY)(k.Identity(**POLICY)(k.Cropping1D(1, **POLICY)(y)))
    y = k.GaussianNoise(0.1, **POLICY)(k.GaussianDropout(0.1, **POLICY)(y))
    pools = [k.MaxPooling1D(2, **POLICY)(y), k.AveragePooling1D(2, **POLICY)(y)]
    z = k.Subtract(**POLICY)([k.Maximum(**POLICY)(pools), k.Minimum(**POLICY)(pools)])
    z = k.Softmax(**POLICY)(k.Average(**POLICY)([z, pools[0]]))
    large = k.UpSampling2D(2, **POLICY)(k.Reshape((2, 2, 4), **POLICY)(z))
    again = k.RepeatVector(2, **POLICY)(k.GlobalMaxPooling1D(**POLICY)(y))
    return keras.Model(x, [large, again, z])


def told(*names: str) -> tuple[str, ...]:
    return tuple(f"keras.layers.{name}" for name in names)


def of_pairs(keras: Any) -> Any:
    """Layers of two tensors."""
    k, x = keras.layers, keras.Input((4, 6), name="x")
    y = k.Masking(**POLICY)(x)
    found = [k.Dot(1, **POLICY)([x, x]), k.Attention(use_scale=True, **POLICY)([y, x])]
    found += [k.AdditiveAttention(**POLICY)([x, x]), k.GroupQueryAttention(4, 4, 2, **POLICY)(x, x)]
    return keras.Model(x, found)


ALONE: tuple[tuple[tuple[int, ...], Layer], ...] = (
    *(((4,), layer(name, **POLICY)) for name in ("PReLU", "ActivityRegularization")),
    *(((6, 4), layer(name, **POLICY)) for name in ("RMSNormalization", "UnitNormalization")),
    ((4,), layer("AlphaDropout", 0.1, **POLICY)),
    ((6, 4), layer("GroupNormalization", 2, **POLICY)),
    ((4,), layer("SpectralNormalization", layer("Dense", 3, **POLICY), **POLICY)),
    ((4,), layer("Normalization", mean=1.0, variance=2.0, **POLICY)),
    ((6, 3), layer("UpSampling1D", 2, **POLICY)),
    ((6, 3), layer("DepthwiseConv1D", 3, **POLICY)),
    *(((6, 3), layer(name, 4, 3, **POLICY)) for name in ("SeparableConv1D", "Conv1DTranspose")),
    *(((4, 4, 3), layer(name, 2, 2, **POLICY)) for name in ("CenterCrop", "Resizing")),
    ((4, 4, 3), layer("AdaptiveAveragePooling2D", 2, **POLICY)),
    ((4, 4, 3), layer("RandomFlip", **POLICY)),
    *(((4, 4, 3), layer(f"Random{way}", 0.1, **POLICY)) for way in ("Rotation", "Zoom", "Contrast")),
    *(((3, 3, 3, 2), layer(name, 2, 2, **POLICY)) for name in ("Conv3D", "Conv3DTranspose")),
    *(((3, 3, 3, 2), layer(f"Global{way}Pooling3D", **POLICY)) for way in ("Average", "Max")),
    *(((3, 3, 3, 2), layer(name, **POLICY)) for name in ("ZeroPadding3D", "Cropping3D", "UpSampling3D")),
)
"""Layers by themselves."""

CASES = [
    *(Case(on(shape, each), rtol=STEPS, reason=WHY) for shape, each in ALONE),
    Case(net(of_pairs, *told("Dot", "Masking")), rtol=STEPS, reason=WHY),
    Case(on((4,), layer("BatchNormalization", dtype="float16")), rtol=STEPS, reason=WHY),
    Case(net(of_images, *told("Conv2D", "SeparableConv2D", "Dense")), rtol=STEPS, reason=WHY),
    Case(net(of_words, *told("MultiHeadAttention", "LayerNormalization")), rtol=STEPS, reason=WHY),
    Case(net(of_steps, *told("LSTM", "GRU", "Bidirectional")), rtol=STEPS, reason=WHY),
    Case(net(of_signals, *told("Conv1D", "Softmax")), rtol=STEPS, reason=WHY),
    Case(on((4,), layer("Dense", 3, dtype="float16"), suffix=".h5"), rtol=STEPS, reason=WHY),
    Case(
        on((4, 3), layer("RNN", layer("LSTMCell", 3, **POLICY), **POLICY)),
        refused="computes in float16, in which this layer wasn't compared", reason="not tried in float16",
    ),
    Case(
        on((4,), layer("Dense", 3, dtype="mixed_bfloat16")), refused="mixed_bfloat16",
        reason="TensorFlow cuts products off and rounds the rest: sums in another order differ a step",
    ),
]  # fmt: skip
