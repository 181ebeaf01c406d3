"""Rows for Keras's layers of plain arithmetic and shape, and those that do something in training alone."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import layer, net, on

UNTRAINED = "in training alone, or at random"
TRAINING = (
    *(layer("Dropout", 0.5), layer("GaussianDropout", 0.5), layer("AlphaDropout", 0.5)),
    *(layer("GaussianNoise", 0.5), layer("ActivityRegularization", l1=0.1), layer("Identity")),
)


def always_dropping(keras: Any) -> Any:
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Dropout(0.5)(x, training=True))


def both_directions(tied: bool) -> Any:
    def build(keras: Any) -> Any:
        x = keras.Input((4,), name="x", dtype="int32")
        words = keras.layers.ReversibleEmbedding(5, 3, tie_weights=tied, mask_zero=True, logit_soft_cap=2.0)
        pooled = keras.layers.GlobalAveragePooling1D()(words(x))
        return keras.Model(x, [words(words(x), reverse=True), pooled])

    build.__name__ = f"ReversibleEmbedding, tied: {tied}"
    return build


CASES = [
    Case(on((4,), layer("Dense", 3))),
    Case(on((4,), layer("Dense", 3, use_bias=False))),
    Case(on((2, 4), layer("Dense", 3, activation="relu"))),
    Case(on((4,), layer("Dense", 3), suffix=".h5")),
    Case(on((4,), layer("EinsumDense", "ab,bc->ac", output_shape=3, bias_axes="c", activation="tanh"))),
    Case(on((3, 4), layer("EinsumDense", "...x,xy->...y", output_shape=5))),
    Case(on((3, 4), layer("EinsumDense", "aBc,cDe->aBDe", output_shape=(None, 2, 5), bias_axes="De"))),
    Case(on((3, 4), layer("EinsumDense", "abc,bcd->abd", output_shape=(3, 2)))),
    Case(on((3, 4), layer("EinsumDense", "abc,cbd->ad", output_shape=2, bias_axes="d"))),
    Case(on((None, 4), layer("EinsumDense", "abc,cd->adb", output_shape=(2, None)))),
    Case(on((4,), layer("Embedding", 5, 3), dtype="int32")),
    Case(on((4,), layer("Embedding", 5, 3), dtype="int64")),
    Case(on((None,), layer("Embedding", 5, 3), highest=5)),
    *(Case(net(both_directions(tied), "keras.layers.ReversibleEmbedding")) for tied in (True, False)),
    Case(on((2, 3, 4), layer("Flatten"))),
    Case(on((2, 3, 4), layer("Flatten", data_format="channels_first"))),
    Case(on((None, 3), layer("Flatten"))),
    Case(on((), layer("Flatten"))),
    Case(on((2, 6), layer("Reshape", (3, 4)))),
    Case(on((2, 6), layer("Reshape", (-1, 3)))),
    Case(on((None, 6), layer("Reshape", (-1, 3)))),
    Case(on((2, 3, 4), layer("Permute", (3, 1, 2)))),
    Case(on((3,), layer("RepeatVector", 4))),
    Case(on((3, 4), layer("Masking", mask_value=0.0), layer("Dense", 2))),
    *(Case(on((4,), each)) for each in TRAINING),
    Case(on((3, 4), layer("SpatialDropout1D", 0.5))),
    Case(on((3, 4, 2), layer("SpatialDropout2D", 0.5))),
    Case(on((3, 4, 2, 2), layer("SpatialDropout3D", 0.5))),
    Case(net(always_dropping), refused="told to train", reason=UNTRAINED),
    Case(on((4,), layer("Dense", 3, dtype="float64"))),
]
