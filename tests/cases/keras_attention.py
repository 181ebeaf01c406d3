"""Rows for Keras's attention."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Net, net

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
]
