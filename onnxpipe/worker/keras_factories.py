"""Keras models that a function of the user's makes, which may as well make a network of torch."""

from __future__ import annotations

import os
import random
import sys
import zipfile
from typing import Any

import numpy as np

main = sys.modules["_onnxpipe_main"]
backend, tensors = main.sibling("keras_backend"), main.sibling("tensors")


def prepare(dotted: str) -> None:
    """Have Keras, should the function of this name import it, answer on the CPU, on the backend that it is
    told, else on the one that the function's module imports.
    """
    tensors.quiet()
    if found := backend.told() or backend.by_code("", [dotted]):
        os.environ["KERAS_BACKEND"] = found


def seed() -> None:
    """Draw the same numbers each time: Keras's initializers take their seeds from Python."""
    random.seed(0)
    np.random.seed(0)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(0)


def is_model(made: Any) -> bool:
    """Whether it is a model of Keras 3 or 2, on any backend."""
    homes = [sys.modules[name] for name in ("keras", "tf_keras") if name in sys.modules]
    return any(isinstance(made, home.Model) for home in homes)


def wrote(path: str) -> bool:
    """Whether Keras wrote a file of weights."""
    with open(path, "rb") as file:
        if file.read(4) == b"\x89HDF":
            return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "model.weights.h5" in archive.namelist()


def weighed(model: Any, path: str) -> Any:
    """The model with the weights in a file, unless that is empty."""
    backend.choose("", "", [])  # which it was made on
    if os.path.getsize(path):
        model.load_weights(path)
    return model
