"""Rows for Keras's layers of words: vocabularies, buckets by hash, and texts split into words."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Net, layer, net, on

WORDS = ["red", "green", "blue", "Zoë"]
MODES = ("int", "one_hot", "multi_hot", "count")
COUNTS = ("multi_hot", "count")
SPREAD = {"vocabulary": WORDS, "num_oov_indices": 3}
INTEGERS = {"vocabulary": [2, 7, -5]}
TOKENS = ["the", "cat", "sat", "zoë", "x", "the cat", "日本", "a"]


def words(kind: str, *given: Any, width: int = 3, **more: Any) -> Net:
    return on((width,), layer(kind, *given, **more), dtype="string")


def numbers(kind: str, *given: Any, dtype: str = "int64", **more: Any) -> Net:
    return on((3,), layer(kind, *given, **more), dtype=dtype)


def texts(shape: Any = (1,), **more: Any) -> Net:
    return on(shape, layer("TextVectorization", vocabulary=TOKENS, **more), dtype="string")


def adapted(told: str, then: Any = None, **more: Any) -> Net:
    """A vocabulary learnt from texts, and what comes behind it."""

    def build(keras: Any) -> Any:
        x = keras.Input((1,), name="text", dtype="string")
        vectorised = keras.layers.TextVectorization(**more)
        vectorised.adapt(["the cat sat on the mat", "The dog, Zoë!", "a dog sat"])
        return keras.Model(x, then(keras.layers, vectorised(x)) if then else vectorised(x))

    build.__name__ = f"TextVectorization adapted, {told}"
    return net(build, "keras.layers.TextVectorization")


def classified(layers: Any, x: Any) -> Any:
    x = layers.Embedding(20, 4)(x)
    return layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x))


def tf_idf(keras: Any) -> Any:
    looked = keras.layers.StringLookup(output_mode="tf_idf", num_oov_indices=2)
    looked.adapt([["red", "blue"], ["red", "Zoë"]])
    x = keras.Input((3,), name="word", dtype="string")
    return keras.Model(x, keras.layers.Dense(2)(looked(x)))


def crossing(*dtypes: str, shape: Any = (1,), **more: Any) -> Net:
    def build(keras: Any) -> Any:
        xs = [keras.Input(shape, name=f"x{i}", dtype=dtype) for i, dtype in enumerate(dtypes)]
        return keras.Model(xs, keras.layers.HashedCrossing(**more)(xs))

    build.__name__ = f"HashedCrossing of {', '.join(dtypes)} {shape} {more}"
    return net(build, "keras.layers.HashedCrossing")


CASES = [
    *(Case(words("StringLookup", **SPREAD, output_mode=mode)) for mode in ("int", "count")),
    *(Case(words("StringLookup", vocabulary=WORDS, mask_token="", output_mode=mode)) for mode in MODES[1:]),
    Case(words("StringLookup", **SPREAD, salt=[3, 5], mask_token="")),
    Case(words("StringLookup", vocabulary=[*WORDS, "unseen"], num_oov_indices=0, mask_token="")),
    Case(words("StringLookup", vocabulary=WORDS, output_mode="count", max_tokens=9, pad_to_max_tokens=True)),
    Case(words("StringLookup", vocabulary=["[UNK]", "red"], output_mode="tf_idf", idf_weights=[0.5, 1])),
    Case(words("StringLookup", vocabulary=WORDS, output_mode="tf_idf", idf_weights=[0.5, 1, 2, 3])),
    Case(net(tf_idf, "keras.layers.StringLookup")),
    Case(numbers("StringLookup", vocabulary=WORDS, num_oov_indices=2, invert=True, mask_token="")),
    *(Case(numbers("IntegerLookup", **INTEGERS, num_oov_indices=3, output_mode=m)) for m in MODES),
    Case(numbers("IntegerLookup", **INTEGERS, num_oov_indices=4, oov_method="farmhash"), since="3.14"),
    Case(numbers("IntegerLookup", vocabulary=[2, 0, 1], num_oov_indices=0)),
    Case(words("Hashing", 1000, width=8)),
    Case(words("Hashing", 7, mask_value="red", output_mode="multi_hot")),
    Case(words("Hashing", 5, output_mode="one_hot", width=1)),
    Case(words("Hashing", 1000, salt=133)),
    Case(words("Hashing", 1000, salt=[133, 137], mask_value="")),
    Case(numbers("Hashing", 1000, dtype="float32")),
    Case(numbers("Hashing", 9, mask_value=1, output_mode="count", dtype="int32")),
    Case(crossing("string", "string", num_bins=1000)),
    Case(crossing("string", "int64", num_bins=1000)),
    Case(crossing("int64", "int64", num_bins=7, output_mode="one_hot")),
    Case(crossing("string", "string", shape=(), num_bins=50)),
    Case(texts()),
    Case(texts(shape=())),
    Case(texts(output_sequence_length=4)),
    *(Case(texts(output_mode=mode)) for mode in COUNTS),
    Case(texts(output_mode="tf_idf", idf_weights=[0.5, 1, 2, 3, 4, 5, 6, 7])),
    *(Case(texts(standardize=how)) for how in ("lower", "strip_punctuation", None)),
    Case(texts(split="character", output_sequence_length=30)),
    Case(texts(split="character", output_mode="count", standardize="lower")),
    Case(texts(split=None)),
    Case(texts((3,), split=None, output_mode="multi_hot")),
    Case(texts((3,), split=None, ngrams=2, output_sequence_length=2)),
    *(Case(texts(ngrams=n)) for n in (2, (3,), (1, 3))),
    Case(texts(ngrams=2, output_mode="count", max_tokens=20, pad_to_max_tokens=True)),
    Case(adapted("to classify", classified, output_sequence_length=6)),
    Case(adapted("counted", lambda layers, x: layers.Dense(2)(x), output_mode="count")),
    Case(adapted("weighed", output_mode="tf_idf", ngrams=2, max_tokens=9)),
    Case(texts(ragged=True), refused="ragged tensor", reason="tensors have one length"),
]  # fmt: skip
