"""What Keras 2 computed otherwise than Keras 3 does, under names of its own.

Keras 3 reads such files with its own formulas, without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HARD_SIGMOID = "hard_sigmoid of Keras 2"
FROM_START = "refuses whole numbers below 0"
"""A field of an Embedding: tf.nn.embedding_lookup takes them for none, Keras 3 counts them from the end."""
_FIELDS = ("activation", "recurrent_activation")


def spelt_out(config: Any, version: str) -> Any:
    """The configuration of a model with Keras 2's ways by name, where Keras 2 saved it."""
    return _renamed(config) if version[:1] in ("1", "2") else config


def _renamed(held: Any) -> Any:
    if isinstance(held, list):
        return [_renamed(each) for each in held]
    if not isinstance(held, Mapping):
        return held
    found = {key: _activation(value) if key in _FIELDS else _renamed(value) for key, value in held.items()}
    is_embedding = found.get("class_name") == "Embedding" and isinstance(found.get("config"), dict)
    return {**found, "config": {**found["config"], FROM_START: True}} if is_embedding else found


def _activation(told: Any) -> Any:
    """An activation as a layer names it, by itself or as a function."""
    if isinstance(told, Mapping) and told.get("config") == "hard_sigmoid":
        return {**told, "config": HARD_SIGMOID}
    return HARD_SIGMOID if told == "hard_sigmoid" else _renamed(told)
