"""Keras classes such as users write, in a module that their saved models name."""

from __future__ import annotations

from typing import Any

import keras


class Squeeze(keras.layers.Layer):  # type: ignore[misc]
    """A curve that is none of Keras's own."""

    def call(self, x: Any) -> Any:
        return keras.ops.expm1(keras.ops.minimum(x, 0)) + x / 2


@keras.saving.register_keras_serializable()  # type: ignore[misc]
def bent(x: Any) -> Any:
    """An activation that is none of Keras's own."""
    return keras.ops.minimum(x, 1) * 2


class Shop(keras.Model):  # type: ignore[misc]
    """A model that answers by name."""

    def __init__(self, units: int, **more: Any) -> None:
        super().__init__(**more)
        self.units = units
        self.body, self.head = keras.layers.Dense(8, activation="gelu"), keras.layers.Dense(units)

    def call(self, x: Any, training: bool = False) -> dict[str, Any]:
        scores = self.head(self.body(x))
        return {"scores": scores, "shares": keras.ops.softmax(scores)}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
