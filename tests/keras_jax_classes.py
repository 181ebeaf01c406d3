"""Keras classes that call JAX, in a module that their saved models name."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras


class Soft(keras.layers.Layer):  # type: ignore[misc]
    """A layer with weights whose formula is JAX's."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")

    def call(self, x: Any) -> Any:
        return jax.nn.softplus(x @ self.kernel.value) + jax.scipy.special.erf(x[..., :1])


class Norms(keras.Model):  # type: ignore[misc]
    """A model that answers by name."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.body, self.head = keras.layers.Dense(8, activation="elu"), keras.layers.Dense(3)

    def call(self, x: Any, training: bool = False) -> dict[str, Any]:
        hidden = self.body(x)
        size = jnp.linalg.norm(hidden, axis=-1, keepdims=True)
        return {"scores": self.head(hidden), "add": jnp.log1p(size)}


class Running(keras.layers.Layer):  # type: ignore[misc]
    """A loop over however many steps there are."""

    def call(self, x: Any) -> Any:
        def step(carried: Any, seen: Any) -> Any:
            carried = jnp.tanh(carried + seen)
            return carried, carried

        return jax.lax.scan(step, jnp.zeros_like(x[:, 0]), jnp.swapaxes(x, 0, 1))[0]


class Noise(keras.layers.Layer):  # type: ignore[misc]
    """A step that has no translation."""

    def call(self, x: Any) -> Any:
        return x + jax.random.normal(jax.random.key(0), (3,))


def clipped(x: Any) -> Any:
    """A function such as a Lambda holds by name."""
    return jnp.where(x > 0, jnp.log1p(x), jnp.expm1(x))
