"""Answers to no rows of a graph that can't be asked: onnxruntime (1.31) ends the process over some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onnxpipe.core.signature import Dim, Port, Signature, numpy_dtype
from onnxpipe.errors import BadInput

Array = np.ndarray[Any, Any]


def is_empty(fed: Mapping[str, Array]) -> bool:
    """Whether an input has no numbers in it at all."""
    return any(value.size == 0 for value in fed.values())


def blank(signature: Signature, fed: Mapping[str, Array]) -> dict[str, Array]:
    """The empty answers that a signature declares, by output name, of the sizes that the inputs have.

    Raises BadInput where an output isn't empty for all that is known.
    """
    sizes: dict[Dim, int] = {}
    for port in signature.inputs:
        sizes |= dict(zip(port.shape, fed[port.name].shape, strict=False))
    return {port.name: _answer(port, sizes) for port in signature.outputs}


def _answer(port: Port, sizes: Mapping[Dim, int]) -> Array:
    shape = [dim if isinstance(dim, int) else sizes.get(dim or "", 1) for dim in port.shape]
    if 0 not in shape:
        raise BadInput(
            f"no rows came in, and onnxruntime may end the process over that (the model answers {port})",
            remedy="Leave the model out where there are no rows.",
        )
    return np.zeros(shape, object if port.is_string else numpy_dtype(port.dtype))
