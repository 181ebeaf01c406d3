"""Rows for layers that compute in float16."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import layer, net, on

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


CASES = [
    Case(net(of_images, *told("Conv2D", "SeparableConv2D", "Dense")), rtol=STEPS, reason=WHY),
    Case(net(of_words, *told("MultiHeadAttention", "LayerNormalization")), rtol=STEPS, reason=WHY),
    Case(net(of_steps, *told("LSTM", "GRU", "Bidirectional")), rtol=STEPS, reason=WHY),
    Case(net(of_signals, *told("Conv1D", "Softmax")), rtol=STEPS, reason=WHY),
    Case(on((4,), layer("Dense", 3, dtype="float16"), suffix=".h5"), rtol=STEPS, reason=WHY),
    Case(
        on((4,), layer("Normalization", mean=0.0, variance=1.0, **POLICY)),
        refused="computes in float16, in which this layer wasn't compared", reason="not tried in float16",
    ),
    Case(
        on((4,), layer("Dense", 3, dtype="mixed_bfloat16")), refused="mixed_bfloat16",
        reason="numpy has no bfloat16, and TensorFlow doesn't round its products to the nearest",
    ),
]  # fmt: skip
