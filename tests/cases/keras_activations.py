"""Rows for Keras's activations: as names and as layers."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import layer, net, on

NAMES = (
    *("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh"),
    *(
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "log_softmax",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
    ),
    *("soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax"),
    *("squareplus", "swish", "tanh", "tanh_shrink"),
)


def layers_as_activations(keras: Any) -> Any:
    """Layers where activations are usually named."""
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(6, activation=layers.LeakyReLU(0.3)), layers.Activation("tanh")]
    )


CASES = [
    *(Case(on((6,), layer("Activation", name))) for name in NAMES if name != "sparsemax"),
    Case(on((6,), layer("Activation", "sparsemax")), finite=True, reason="where NaN is sorted to is chance"),
    *(Case(on((3, 4), layer("Activation", name))) for name in ("softmax", "sparsemax", "glu", "gelu")),
    Case(on((6,), layer("ReLU"))),
    Case(on((6,), layer("ReLU", max_value=1.0))),
    Case(on((6,), layer("ReLU", max_value=6.0, negative_slope=0.1))),
    Case(on((6,), layer("ReLU", negative_slope=0.2, threshold=0.5)), since="3.15"),
    Case(on((6,), layer("ReLU", max_value=1.0, negative_slope=0.2, threshold=0.3)), since="3.15"),
    Case(on((6,), layer("LeakyReLU", negative_slope=0.2))),
    Case(on((6,), layer("ELU"))),
    Case(on((6,), layer("ELU", alpha=0.5))),
    Case(on((6,), layer("PReLU"))),
    Case(on((3, 4, 2), layer("PReLU", shared_axes=[1, 2]))),
    Case(on((6,), layer("Softmax"))),
    Case(on((3, 4), layer("Softmax", axis=1))),
    Case(on((3, 4), layer("Softmax", axis=[1, 2]))),
    Case(net(layers_as_activations, "keras.layers.LeakyReLU")),
]
