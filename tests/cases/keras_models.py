"""Rows for whole models: shared layers, several inputs and outputs, models in models, operations."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import net

FUNCTIONAL = "keras.Functional"


def two_inputs_two_outputs(keras: Any) -> Any:
    layers = keras.layers
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = layers.Dense(3, activation="tanh", name="shared")
    first, second = shared(left), shared(right)
    return keras.Model(
        [left, right], [layers.Dense(2, name="deep")(first), layers.Dense(1, name="wide")(second)]
    )


def shared_twice_in_a_row(keras: Any) -> Any:
    given, layer = keras.Input((4,), name="given"), keras.layers.Dense(4, name="again")
    return keras.Model(given, layer(layer(layer(given))))


def named_inputs_and_outputs(keras: Any) -> Any:
    b, a = keras.Input((3,), name="b"), keras.Input((2,), name="a")
    dense = keras.layers.Dense
    return keras.Model({"b": b, "a": a}, {"second": dense(2, name="y")(b), "first": dense(1, name="x")(a)})


def models_in_models(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d"), layers.ReLU()], name="inner")
    given = keras.Input((4,), name="given")
    middle = keras.Model(given, layers.Dense(4, name="d")(inner(given)), name="middle")
    top = keras.Input((4,), name="top")
    return keras.Model(top, layers.Dense(2, name="d")(middle(middle(top))))


def operations(keras: Any) -> Any:
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.activations.relu(x, max_value=1.0))


CASES = [
    Case(net(two_inputs_two_outputs, FUNCTIONAL)),
    Case(net(two_inputs_two_outputs, FUNCTIONAL, suffix=".h5")),
    Case(net(shared_twice_in_a_row, FUNCTIONAL)),
    Case(net(named_inputs_and_outputs, FUNCTIONAL)),
    Case(net(models_in_models, FUNCTIONAL)),
    Case(net(models_in_models, FUNCTIONAL, suffix=".h5")),
    Case(net(operations, "keras.activations.ReLU")),
]
