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


def model_last(keras: Any) -> Any:
    """Models that answer what the model around them answers, one of them called twice."""
    layers = keras.layers
    given, top = keras.Input((4,), name="given"), keras.Input((4,), name="top")
    inner = keras.Model(given, layers.Dense(4, name="d")(given), name="inner")
    row = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="d")], name="row")
    return keras.Model(top, [inner(inner(top)), row(top)])


def shared_by_models(keras: Any) -> Any:
    """One layer in two models inside, and outside of them."""
    layers, top = keras.layers, keras.Input((4,), name="top")
    shared, given = layers.Dense(4, name="shared"), keras.Input((4,), name="given")
    one = keras.Model(given, shared(given), name="one")
    two = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="own"), shared], name="two")
    return keras.Model(top, [one(top), two(top)])


def passed_on(keras: Any) -> Any:
    """Inputs that are answers too, such as a key to know rows by."""
    x, key = keras.Input((4,), name="x"), keras.Input((1,), dtype="string", name="key")
    return keras.Model([x, key], [key, keras.layers.Dense(2, name="y")(x), x, x])


def operations(keras: Any) -> Any:
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.activations.relu(x, max_value=1.0))


def arithmetic(keras: Any) -> Any:
    """Every operation that two tensors, or one and a number, go through."""
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    ops = keras.ops
    found = [x + y, x - y, 2.0 * x, y / 3, ops.maximum(x, y), ops.minimum(x, 0.5), ops.square(x) ** 2]
    found += [ops.divide(x, 2.0), ops.abs(x), ops.absolute(x), ops.exp(x), ops.log(ops.abs(x) + 1), -x]
    found += [ops.relu(x), ops.sigmoid(x), ops.sqrt(ops.abs(y)), ops.tanh(y), ops.softmax(x), x**2]
    return keras.Model([x, y], ops.concatenate(found, axis=-1))


def over_axes(keras: Any) -> Any:
    x, ops = keras.Input((3, 4), name="x"), keras.ops
    parts = [ops.mean(x, 1), ops.sum(x, axis=-2), ops.max(x, axis=1), ops.min(x, axis=1)]
    product = ops.matmul(x, ops.expand_dims(parts[0], -1))
    return keras.Model(x, [ops.concatenate(parts, axis=1), product, ops.cast(x, "int32")])


ARITHMETIC = (
    *("Add", "Subtract", "Multiply", "TrueDivide", "Divide", "Maximum", "Minimum", "Power", "Square"),
    *(
        "Abs",
        "Absolute",
        "Exp",
        "Log",
        "Negative",
        "Relu",
        "Sigmoid",
        "Sqrt",
        "Tanh",
        "Softmax",
        "Concatenate",
    ),
)
AXES = ("Mean", "Sum", "Max", "Min", "Matmul", "ExpandDims", "Cast")

CASES = [
    Case(net(arithmetic, *(f"keras.ops.{name}" for name in ARITHMETIC))),
    Case(net(over_axes, *(f"keras.ops.{name}" for name in AXES))),
    Case(net(two_inputs_two_outputs, FUNCTIONAL)),
    Case(net(two_inputs_two_outputs, FUNCTIONAL, suffix=".h5")),
    Case(net(shared_twice_in_a_row, FUNCTIONAL)),
    Case(net(named_inputs_and_outputs, FUNCTIONAL)),
    Case(net(passed_on, FUNCTIONAL)),
    Case(net(models_in_models, FUNCTIONAL)),
    Case(net(models_in_models, FUNCTIONAL, suffix=".h5")),
    Case(net(model_last, FUNCTIONAL)),
    Case(net(model_last, FUNCTIONAL, suffix=".h5")),
    Case(net(shared_by_models, FUNCTIONAL, suffix=".h5")),
    Case(
        net(shared_by_models, FUNCTIONAL), refused="can't load such a file either",
        reason="Keras loads no .keras file in which several models share a layer",
    ),
    Case(net(operations, "keras.activations.ReLU")),
]  # fmt: skip
