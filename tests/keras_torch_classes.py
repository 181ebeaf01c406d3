"""Keras classes that call torch, in a module that their saved models name."""

from __future__ import annotations

from typing import Any

import keras
import torch


class Soft(keras.layers.Layer):  # type: ignore[misc]
    """A layer with weights whose formula is torch's."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")

    def call(self, x: Any) -> Any:
        return torch.nn.functional.softplus(x @ self.kernel) + torch.special.erf(x[..., :1])


class Norms(keras.Model):  # type: ignore[misc]
    """A model that answers by name."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.body, self.head = keras.layers.Dense(8, activation="elu"), keras.layers.Dense(3)

    def call(self, x: Any, training: bool = False) -> dict[str, Any]:
        hidden = self.body(x)
        size = torch.linalg.norm(hidden, dim=-1, keepdim=True)
        return {"scores": self.head(hidden), "add": torch.log1p(size)}


def clipped(x: Any) -> Any:
    """A function such as a Lambda holds by name."""
    return torch.where(x > 0, torch.log1p(x), torch.expm1(x))


class Running(keras.layers.Layer):  # type: ignore[misc]
    """A loop over however many steps there are, which torch.export writes out for one number of them."""

    def call(self, x: Any) -> Any:
        carried = torch.zeros_like(x[:, 0])
        for i in range(x.shape[1] or 1):
            carried = torch.tanh(carried + x[:, i])
        return carried
