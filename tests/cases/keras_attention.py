"""Rows for Keras's attention."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Net, net

GROUPS = "keras.layers.GroupQueryAttention"
HEADS, PLAIN = "keras.layers.MultiHeadAttention", "keras.layers.Attention"


def heads(told: str, masked: bool = False, suffix: str = ".keras", key: bool = False, **more: Any) -> Net:
    """Several heads, on words or on rows of numbers."""

    def build(keras: Any) -> Any:
        layers, keyword = keras.layers, {k: v for k, v in more.items() if k.startswith(("use_c", "return_"))}
        own = {k: v for k, v in more.items() if k not in keyword}
        given = [keras.Input((6,) if masked else (6, 4), name="x")]
        query = layers.Embedding(9, 4, mask_zero=True)(given[0]) if masked else given[0]
        given += [keras.Input((5, 4), name=n) for n in (("y", "z") if key else ("y",))]
        return keras.Model(given, layers.MultiHeadAttention(2, 3, **own)(query, *given[1:], **keyword))

    build.__name__ = f"MultiHeadAttention {told}"
    return net(build, HEADS, suffix=suffix)


def itself(keras: Any) -> Any:
    x = keras.Input((6,), name="x", dtype="int32")
    words = keras.layers.Embedding(9, 4, mask_zero=True)(x)
    return keras.Model(x, keras.layers.MultiHeadAttention(2, 3)(words, words, use_causal_mask=True))


def product(keras: Any) -> Any:
    given = [keras.Input(shape, name=n) for n, shape in (("q", (6, 4)), ("v", (5, 3)), ("k", (5, 4)))]
    return keras.Model(given, keras.layers.Attention(use_scale=True)(given))


def product_of_two(keras: Any) -> Any:
    given = [keras.Input((6, 4), name="q"), keras.Input((5, 4), name="v")]
    return keras.Model(given, keras.layers.Attention()(given))


def attending(kind: str, told: str, masked: bool = True, **more: Any) -> Net:
    """Words that look at other words, of which 0 is none."""

    def build(keras: Any) -> Any:
        layers = keras.layers
        keyword = {k: v for k, v in more.items() if k.startswith(("use_c", "return_"))}
        own = {k: v for k, v in more.items() if k not in keyword}
        given = [keras.Input((4,), name=n, dtype="int32") for n in ("q", "v")]
        query, value = (layers.Embedding(9, 4, mask_zero=masked)(x) for x in given)
        answer = getattr(layers, kind)(**own)([query, value], **keyword)
        pooled = None if keyword else layers.GlobalAveragePooling1D()(answer)
        return keras.Model(given, answer if keyword else [answer, pooled])

    build.__name__ = f"{kind} {told}"
    handed = ["keras.ops.ConvertToTensor"] if masked and told == "on words" else []  # of the mask
    return net(build, f"keras.layers.{kind}", *handed)


def masked_key(keras: Any) -> Any:
    """Each of the three has a mask of its own."""
    layers = keras.layers
    given = [keras.Input((5,), name=n, dtype="int32") for n in ("q", "v", "k")]
    words = [layers.Embedding(9, 4, mask_zero=True)(x) for x in given]
    return keras.Model(given, layers.MultiHeadAttention(2, 3, dropout=0.1)(*words))


def told_mask(keras: Any) -> Any:
    """A mask for every pair of steps, and scores answered."""
    x, m = keras.Input((6, 4), name="x"), keras.Input((6, 6), name="m", dtype="bool")
    made = keras.layers.MultiHeadAttention(2, 3)
    return keras.Model([x, m], made(x, x, attention_mask=m, return_attention_scores=True))


def grouped(told: str, masked: bool = False, suffix: str = ".keras", **keyword: Any) -> Net:
    def build(keras: Any) -> Any:
        layers = keras.layers
        x = keras.Input((6,) if masked else (6, 4), name="x", dtype="int32" if masked else "float32")
        words = layers.Embedding(9, 4, mask_zero=True)(x) if masked else x
        return keras.Model(x, layers.GroupQueryAttention(3, 4, 2)(words, words, **keyword))

    build.__name__ = f"GroupQueryAttention {told}"
    return net(build, GROUPS, suffix=suffix)


CASES = [
    Case(heads("on another")),
    Case(heads("on another in h5", suffix=".h5")),
    Case(heads("with keys", key=True, value_dim=5)),
    Case(heads("without bias, to another size", use_bias=False, output_shape=7)),
    Case(heads("that looks back", use_causal_mask=True)),
    Case(heads("with its scores", return_attention_scores=True)),
    Case(net(itself, HEADS)),
    Case(net(product, PLAIN)),
    Case(net(product_of_two, PLAIN)),
    Case(net(masked_key, HEADS)),
    Case(net(told_mask, HEADS)),
    Case(attending("Attention", "on words")),
    Case(attending("Attention", "that looks back", use_causal_mask=True, use_scale=True)),
    Case(attending("Attention", "by sums", score_mode="concat", use_scale=True)),
    Case(attending("Attention", "with its scores", return_attention_scores=True, score_mode="concat")),
    Case(attending("AdditiveAttention", "on words")),
    Case(attending("AdditiveAttention", "without masks", masked=False, use_scale=False)),
    Case(grouped("plain")),
    Case(grouped("in h5", suffix=".h5")),
    Case(grouped("on words that look back", masked=True, use_causal_mask=True)),
]
