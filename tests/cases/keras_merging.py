"""Rows for Keras's layers that make one tensor of several."""

from typing import Any

from tests.harness import Case
from tests.rigs.keras import Net, net


def merged(name: str, *shapes: Any, masked: bool = False, **parameters: Any) -> Net:
    """A merging layer on inputs of these shapes."""

    def build(keras: Any) -> Any:
        given = [keras.Input(shape, name=f"x{i}") for i, shape in enumerate(shapes)]
        parts = [keras.layers.Masking(1.0)(keras.ops.relu(x)) for x in given] if masked else given
        return keras.Model(given, getattr(keras.layers, name)(**parameters)(parts))

    told = "".join(f", {k}={v!r}" for k, v in parameters.items())
    build.__name__ = f"{name} of {shapes}{told}"
    return net(build, f"keras.layers.{name}")


CASES = [
    *(Case(merged(name, (4,), (4,), (4,))) for name in ("Add", "Average", "Multiply", "Maximum", "Minimum")),
    *(Case(merged(name, (3, 4), (4,))) for name in ("Add", "Multiply", "Maximum")),
    *(Case(merged(name, (2, 3, 4), (4,))) for name in ("Add", "Average")),
    Case(merged("Subtract", (4,), (4,))),
    Case(merged("Add", (3, 1), (1, 4))),
    Case(merged("Concatenate", (4,), (2,))),
    Case(merged("Concatenate", (3, 4), (2, 4), axis=1)),
    Case(merged("Dot", (4,), (4,), axes=1)),
    Case(merged("Dot", (3, 4), (4, 5), axes=(2, 1))),
    Case(merged("Dot", (4, 3), (4, 5), axes=1)),
    Case(merged("Dot", (3, 4), (5, 4), axes=-1, normalize=True)),
    Case(merged("Dot", (3, 4), (4,), axes=(2, 1))),
]
