"""Models whose code calls torch or JAX, saved on that backend of Keras, which a process has one of.

``python -m tests.keras_backend_models torch FOLDER`` saves them all.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

MODULE = "tests.keras_{}_classes"


def layers(keras: Any, own: Any, library: str) -> Any:
    """A layer of the user's own, a function by name and a lambda; names that no argument can have, and such
    as values inside a graph go by.
    """
    kinds, x = keras.layers, keras.Input((3,), name="the x")
    soft = own.Soft(name="a b")(x)
    named = kinds.Lambda(own.clipped, name="log1p", output_shape=(3,))(x)
    code = {
        "torch": lambda x: __import__("torch").relu(x),
        "jax": lambda x: __import__("jax").nn.relu(x),
    }
    bare = kinds.Lambda(code[library], name="bare", output_shape=(3,))(x)
    return keras.Model(x, [kinds.Dense(2, name="softplus")(soft), x + 1, named, bare, kinds.Identity()(x)])


def answering(keras: Any, own: Any, library: str) -> Any:
    """A model of the user's own class."""
    model = own.Norms(name="norms")
    model(keras.ops.zeros((2, 5)))
    return model


def running(keras: Any, own: Any, library: str) -> Any:
    """Steps, of which there may be any number."""
    steps = keras.Input((None, 3), name="steps")
    return keras.Sequential([steps, keras.layers.LSTM(4, return_sequences=True), own.Running()])


def noise(keras: Any, own: Any, library: str) -> Any:
    """A step that nobody translates."""
    return keras.Sequential([keras.Input((3,), name="x"), own.Noise()])


BUILDERS = {
    "torch": {"layers": layers, "class": answering, "running": running},
    "jax": {"layers": layers, "class": answering, "running": running, "noise": noise},
}


def main(library: str, folder: Path) -> None:
    os.environ["KERAS_BACKEND"] = library
    os.environ["JAX_PLATFORMS"] = os.environ["KERAS_TORCH_DEVICE"] = "cpu"
    import keras

    own = importlib.import_module(MODULE.format(library))
    for name, build in BUILDERS[library].items():
        keras.utils.set_random_seed(3)
        build(keras, own, library).save(folder / f"{name}.keras")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
