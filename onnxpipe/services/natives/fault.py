"""Whose fault it is that saved state doesn't fit together: the file's, unless the original works with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.core.options import Options
from onnxpipe.core.signature import Port, numpy_dtype
from onnxpipe.core.soundness import sound
from onnxpipe.errors import Contradictory, Refusal
from onnxpipe.services.convert import adapter_of
from onnxpipe.services.natives.native import Native, Where

METHODS = ("predict", "transform", "decision_function", "score_samples")


def blamed(
    error: Contradictory, artefact: Artefact, options: Options, rows: Rows | None, where: Where
) -> Exception:
    """The error itself where the original can't answer a row either, or can't be asked; else its cause.

    An original that answers proves the file sound, and us wrong.
    """
    try:
        with sound():
            answers = _answers(artefact, options, rows, where)
    except Refusal:
        return error
    cause = error.__cause__
    return cause if answers and isinstance(cause, Exception) else error


def _answers(
    artefact: Artefact, options: Options, rows: Rows | None, where: Where
) -> Mapping[str, NDArray[Any]]:
    """What the original answers on one row, by whatever methods it has. Raises a Refusal where it can't."""
    adapter = adapter_of(artefact)
    row = {name: column[:1] for name, column in rows.items()} if rows else None
    row = row or {p.name: _plain(p) for p in adapter.read(artefact, options, None).inputs if p is not None}
    with Native(artefact, adapter, where) as native:
        return native.answers(row, (), METHODS)


def _plain(port: Port) -> NDArray[Any]:
    """One row of zeros or empty text, open axes of length 1."""
    shape = [1, *(dim if isinstance(dim, int) else 1 for dim in port.shape[1:])]
    return np.full(shape, "", object) if port.is_string else np.zeros(shape, numpy_dtype(port.dtype))
