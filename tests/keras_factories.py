"""Functions that make Keras models, as users name them: ``tests.keras_factories:built``."""

from __future__ import annotations

from typing import Any

import keras


def built() -> Any:
    """A model of weights by chance and of words, which no exporter knows."""
    kinds = keras.layers
    x, text = keras.Input((3,), name="x"), keras.Input((), dtype="string", name="text")
    words = kinds.TextVectorization(vocabulary=["cat", "dog"], output_mode="count")(text)
    return keras.Model([x, text], kinds.Dense(2, name="y")(kinds.Concatenate()([x, words])))


def sized(settings: dict[str, int]) -> Any:
    """A model as large as ``config.json`` says."""
    return keras.Sequential([keras.Input((settings["width"],), name="x"), keras.layers.Dense(2, name="y")])
