"""How many rows of a deep network fit into memory at once: Keras keeps every layer's answer till the end."""

from __future__ import annotations

import sys
from typing import Any, Dict, Iterator, List, Mapping

import numpy as np

main = sys.modules["_onnxpipe_main"]

LARGEST = 2**27
"""Numbers that all layers together may answer to the rows that are asked at once (512 MB)."""
_MIXING = {"MelSpectrogram"}
"""Layers whose answer to a row hangs on the rows beside it."""
_OWN = ("keras.", "tf_keras.")


def portions(model: Any, rows: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The rows in parts, in order; all at once where they fit, or may hang on each other."""
    count = len(next(iter(rows.values()), ()))
    size = max(1, LARGEST // max(1, numbers(model, rows)))
    if size >= count or not is_rowwise(model):
        yield rows
        return
    for start in range(0, count, size):
        yield {name: held[start : start + size] for name, held in rows.items()}


def together(parts: List[Dict[str, Any]]) -> Dict[str, Any]:
    """What was answered to the parts, as to all rows at once."""
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def numbers(model: Any, rows: Mapping[str, Any]) -> int:
    """How many numbers all layers together answer to a row; sizes left open as the longest that rows have."""
    longest = max((size for held in rows.values() for size in np.shape(held)[1:]), default=1)
    total = 0
    for layer in layers(model):
        try:
            shapes = [tensor.shape for tensor in main.sibling("tensors").flat(layer.output)]
        except (AttributeError, RuntimeError, ValueError):  # called nowhere, or in several places
            continue
        for shape in shapes:
            total += int(np.prod([longest if size is None else int(size) for size in list(shape)[1:]]))
    return total


def layers(model: Any) -> Iterator[Any]:
    """The layers of a model and of the models in it."""
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from layers(layer)


def is_rowwise(model: Any) -> bool:
    """Whether a model holds nothing but layers of Keras's that answer row by row."""
    kinds = [type(each) for each in [model, *layers(model)]]
    return all(k.__module__.startswith(_OWN) and k.__name__ not in _MIXING for k in kinds)
