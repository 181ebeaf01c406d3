"""Rows as a graph gets them: one array per input, and places in them that can be set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.signature import Port, Signature

Array = NDArray[Any]
Rows = Mapping[str, Array]
"""Typed input rows by input name: ``[N, d]`` each, text as objects."""


class Slot(NamedTuple):
    """One cell of a row: an input and a position in it; ``dtype`` is the signature's name."""

    name: str
    column: int
    dtype: str

    def __str__(self) -> str:
        return f"{self.name}[{self.column}]" if self.name == "X" else self.name

    @property
    def is_text(self) -> bool:
        return self.dtype == "string"


def slots(signature: Signature) -> tuple[Slot, ...]:
    """Every cell of a row of a graph's inputs, matrices cell by cell; ragged inputs have none."""
    return tuple(
        Slot(port.name, column, port.dtype) for port in signature.inputs for column in range(width(port))
    )


def width(port: Port) -> int:
    """Columns of an input ``[N, d]``; 0 where d isn't fixed."""
    second = port.shape[1] if len(port.shape) == 2 else 0
    return second if isinstance(second, int) else 0


def row_size(signature: Signature) -> int:
    """How many cells a row has in all inputs together, open axes counted as one."""
    sizes = (math.prod(dim for dim in p.shape[1:] if isinstance(dim, int)) for p in signature.inputs)
    return max(1, sum(sizes))


def length(rows: Rows) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values()))) if rows else 0


def take(rows: Rows, indices: Any) -> dict[str, Array]:
    """Rows by position, slice or mask."""
    return {name: value[indices] for name, value in rows.items()}


def joined(parts: Sequence[Rows]) -> dict[str, Array]:
    """The rows of all parts, one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def stacked(parts: Sequence[Array]) -> Array:
    """Values of one column below each other; arrays of text of several widths filled up on the right."""
    width = max(part.shape[1] if is_ragged(part) else 0 for part in parts)
    return np.concatenate([widened(part, width) if is_ragged(part) else part for part in parts])


def is_ragged(values: Array) -> bool:
    """Whether values may be arrays of text, as wide as their longest row."""
    return values.ndim == 2 and values.dtype.kind in "OUS"


def widened(values: Array, width: int) -> Array:
    """Arrays of text ``[N, L]`` filled up with empty text to ``width`` columns, if they have fewer."""
    blanks = np.full((len(values), max(width - values.shape[1], 0)), "", object)
    return np.concatenate([values, blanks], axis=1) if blanks.shape[1] else values


def copied(rows: Rows) -> dict[str, Array]:
    """The same rows in arrays of their own, to be written to."""
    return {name: value.copy() for name, value in rows.items()}


def column(rows: Rows, slot: Slot) -> Array:
    """The values ``[N]`` of one cell over all rows."""
    values: Array = rows[slot.name][:, slot.column]
    return values


def with_values(rows: Rows, indices: Any, slot_of: Sequence[Slot], values: Sequence[Any]) -> dict[str, Array]:
    """Row ``indices[i]`` with ``values[i]`` at ``slot_of[i]``, one row per value."""
    made = copied(take(rows, np.asarray(indices, int)))
    with np.errstate(over="ignore"):  # what float16 can't hold is infinite there
        for i, (slot, value) in enumerate(zip(slot_of, values, strict=True)):
            made[slot.name][i, slot.column] = value
    return made
