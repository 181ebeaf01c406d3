"""Rows for Keras's recurrent layers."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Layer, Net, layer, net, on

STEPS = (6, 4)
KINDS = ("LSTM", "GRU", "SimpleRNN")
WAYS = (
    {},
    {"return_sequences": True},
    {"go_backwards": True, "return_sequences": True},
    {"return_state": True},
)

CELLS = [layer("LSTMCell", 3), layer("GRUCell", 2)]


def words(*layers: Layer, **more: Any) -> Net:
    """Layers behind words, of which 0 is none."""
    return on((5,), layer("Embedding", 4, 3, mask_zero=True), *layers, dtype="int32", **more)


def started(kind: str, masked: bool = False, told: bool = False) -> Net:
    """A layer that is given the state to start from, and perhaps a mask, by itself or as it is told."""

    def build(keras: Any) -> Any:
        layers, count = keras.layers, 1 + (kind == "LSTM")
        x = keras.Input((5,) if masked else STEPS, name="x", dtype="int32" if masked else "float32")
        states = [keras.Input((3,), name=f"state{i}") for i in range(count)]
        sequence = layers.Embedding(4, 3, mask_zero=True)(x) if masked else x
        more = {"mask": keras.ops.greater(x, 1)} if told else {}
        made = getattr(layers, kind)(3, return_state=True, return_sequences=True)
        return keras.Model([x, *states], made(sequence, initial_state=states, **more))

    build.__name__ = f"{kind} from a state{', masked' * masked}{', as told' * told}"
    return net(build, f"keras.layers.{kind}")


def of_texts(kind: str, **more: Any) -> Any:
    """As many steps as the longest text has words: none for no texts."""

    def build(keras: Any) -> Any:
        x, layers = keras.Input((1,), dtype="int64", name="text"), keras.layers
        texts = layers.StringLookup(vocabulary=["red", "green red"], invert=True)(x)
        words = layers.TextVectorization(vocabulary=["red", "green"])(texts)
        embedded = layers.Embedding(4, 3, **more)(words)
        return keras.Model(x, getattr(layers, kind)(2, return_state=True, return_sequences=True)(embedded))

    build.__name__ = f"{kind} of texts{', masked' * bool(more)}"
    return build


def both(keras: Any) -> Any:
    """Both ways from states, which are answered too."""
    x, layers = keras.Input(STEPS, name="x"), keras.layers
    states = [keras.Input((3,), name=f"state{i}") for i in range(4)]
    way = layers.Bidirectional(layers.LSTM(3, return_state=True))
    return keras.Model([x, *states], way(x, initial_state=states))


def encoder_and_decoder(keras: Any) -> Any:
    """The states of one layer are where another starts."""
    layers = keras.layers
    source, target = (keras.Input((None,), name=n, dtype="int32") for n in ("source", "target"))
    words = layers.Embedding(4, 3, mask_zero=True)
    _, *states = layers.LSTM(3, return_state=True)(words(source))
    decoded = layers.LSTM(3, return_sequences=True)(words(target), initial_state=states)
    return keras.Model([source, target], layers.Dense(4, activation="softmax")(decoded))


def one_step(kind: str, count: int) -> Net:
    """A cell by itself."""

    def build(keras: Any) -> Any:
        x = keras.Input((4,), name="x")
        states = [keras.Input((3,), name=f"state{i}") for i in range(count)]
        output, after = getattr(keras.layers, kind)(3)(x, states)
        return keras.Model([x, *states], [output, after])

    build.__name__ = f"{kind} by itself"
    return net(build, f"keras.layers.{kind}")


CASES = [
    *(Case(on(STEPS, layer(kind, 3, **way))) for kind in KINDS for way in WAYS),
    *(Case(on(STEPS, layer(kind, 3, use_bias=False))) for kind in KINDS),
    *(Case(on((None, 4), layer(kind, 3))) for kind in KINDS),
    *(Case(on(STEPS, layer(kind, 3), suffix=".h5")) for kind in KINDS),
    Case(on(STEPS, layer("GRU", 3, reset_after=False))),
    Case(on(STEPS, layer("LSTM", 3, activation="relu", recurrent_activation="tanh"))),
    *(Case(on(STEPS, layer("Bidirectional", layer(kind, 3)))) for kind in KINDS),
    *(
        Case(on(STEPS, layer("Bidirectional", layer("LSTM", 3, return_sequences=True), merge_mode=mode)))
        for mode in ("concat", "sum", "mul", "ave")
    ),
    Case(on(STEPS, layer("Bidirectional", layer("GRU", 3, return_sequences=True)), suffix=".h5")),
    Case(on(STEPS, layer("LSTM", 3, **WAYS[1]), layer("TimeDistributed", layer("Dense", 2)))),
    Case(on((3, 6, 5, 2), layer("TimeDistributed", layer("Conv2D", 2, 2)))),
    *(Case(words(layer("LSTM", 2, **way))) for way in WAYS),
    *(Case(words(layer(kind, 2, **way))) for kind, way in zip(KINDS[1:], WAYS[1:], strict=False)),
    Case(words(layer("LSTM", 2, return_sequences=True, zero_output_for_mask=True), layer("GRU", 2))),
    Case(on((None, 3), layer("Masking"), layer("GRU", 2, reset_after=False, use_bias=False))),
    *(Case(words(layer("Bidirectional", layer("LSTM", 2, **way)), layer("Dense", 1))) for way in WAYS[:2]),
    Case(words(layer("Bidirectional", layer("GRU", 2, return_sequences=True)), layer("LSTM", 2))),
    Case(words(layer("TimeDistributed", layer("Dense", 2)), layer("SimpleRNN", 2))),
    Case(words(layer("Dropout", 0.5), layer("LayerNormalization"), layer("GlobalAveragePooling1D"))),
    *(Case(on((4,), layer("RepeatVector", 3), layer(kind, 3))) for kind in KINDS[:2]),
    *(Case(on(STEPS, layer(kind, 3, activation="gelu"))) for kind in KINDS),
    *(Case(on(STEPS, layer("RNN", layer(f"{kind}Cell", 3)))) for kind in KINDS),
    Case(on(STEPS, layer("RNN", layer("StackedRNNCells", CELLS), **WAYS[1]))),
    Case(on(STEPS, layer("RNN", [layer("LSTMCell", 3), layer("SimpleRNNCell", 2)], **WAYS[3]))),
    Case(on(STEPS, layer("RNN", [layer("LSTMCell", 3)]), suffix=".h5")),
    Case(words(layer("RNN", [layer("SimpleRNNCell", 3), layer("GRUCell", 2)], **WAYS[2]))),
    Case(on((3, 6, 2), layer("ConvLSTM1D", 3, 3))),
    Case(on((3, 6, 2), layer("ConvLSTM1D", 2, 3, padding="same", **WAYS[2]))),
    Case(on((3, 5, 4, 2), layer("ConvLSTM2D", 2, (3, 2), strides=2, **WAYS[1]))),
    Case(on((3, 5, 4, 2), layer("ConvLSTM2D", 2, 3, **WAYS[3]))),
    Case(on((None, 5, 4, 2), layer("ConvLSTM2D", 2, 2, activation="relu", use_bias=False), suffix=".h5")),
    Case(on((2, 4, 3, 3, 1), layer("ConvLSTM3D", 2, 2, padding="same"))),
    Case(on((3, 6, 2), layer("Bidirectional", layer("ConvLSTM1D", 2, 3)))),
    Case(started("SimpleRNN")),
    *(Case(net(of_texts(kind), f"keras.layers.{kind}")) for kind in KINDS),
    Case(net(of_texts("GRU", mask_zero=True), "keras.layers.GRU")),
    Case(started("LSTM", masked=True)),
    Case(started("GRU", masked=True, told=True)),
    Case(net(both, "keras.layers.Bidirectional")),
    Case(net(encoder_and_decoder, "keras.layers.LSTM")),
    Case(one_step("LSTMCell", 2)),
    Case(one_step("GRUCell", 1)),
]  # fmt: skip
