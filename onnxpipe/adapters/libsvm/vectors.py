"""Support vectors as the file holds them: only the entries that are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.adapters.svm_text import numbers
from onnxpipe.errors import Unreadable

Array = NDArray[Any]

_LARGEST = 2**31 - 1
"""The highest index that LIBSVM's int holds."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """``count`` sparse vectors: entry ``i`` is ``values[i]`` in vector ``rows[i]`` under ``indices[i]``."""

    count: int
    rows: Array
    indices: Array
    values: Array

    @property
    def width(self) -> int:
        """The highest index, which counts from 1."""
        return int(self.indices.max(initial=0))

    def dense(self, width: int) -> Array:
        """``[count, width]``, 0 where nothing is written."""
        return self._filled(width, self.values, np.float64)

    def written(self, width: int) -> Array:
        """bool ``[count, width]``: where something is written, be it a 0."""
        return self._filled(width, True, np.bool_)

    def combined(self, weights: Array, width: int) -> Array:
        """``weights @ vectors`` ``[k, width]`` for ``weights`` ``[k, count]``, never dense on the way."""
        sums = [np.bincount(self.indices - 1, w[self.rows] * self.values, width) for w in weights]
        return np.array(sums)

    def _filled(self, width: int, values: Any, dtype: Any) -> Array:
        made = np.zeros((self.count, width), dtype)
        made[self.rows, self.indices - 1] = values
        return made


def read(body: bytes, count: int, weights: int) -> tuple[Array, Vectors]:
    """The ``weights`` in front of each of ``count`` vectors ``[weights, count]``, and the vectors.

    Raises Unreadable where lines, words or indices don't fit, ValueError for a word that is no number.
    """
    text = np.frombuffer(body, np.uint8)
    ends, colons = np.flatnonzero(text == ord("\n")), np.flatnonzero(text == ord(":"))
    entries = np.diff(np.searchsorted(colons, ends), prepend=0)
    words = numbers(body.replace(b":", b" ").split())
    if len(ends) != count or len(words) != count * weights + 2 * len(colons):
        raise Unreadable(f"it announces {count} support vectors, and {len(ends)} lines follow")
    starts = np.cumsum(weights + 2 * entries) - (weights + 2 * entries)
    is_weight = np.zeros(len(words), bool)
    is_weight[(starts[:, None] + np.arange(weights)).ravel()] = True
    pairs = words[~is_weight].reshape(-1, 2)
    rows = np.repeat(np.arange(count), entries)
    found = Vectors(count, rows, _indices(pairs, rows), pairs[:, 1])
    return words[is_weight].reshape(count, weights).T, found


def _indices(pairs: Array, rows: Array) -> Array:
    """The indices of (index, value) pairs. Raises Unreadable unless they rise within each row."""
    with np.errstate(invalid="ignore"):
        indices = pairs[:, 0].astype(np.int64)
    rising = np.diff(indices, prepend=-1) > 0
    first = np.diff(rows, prepend=-1) > 0
    if not np.array_equal(indices, pairs[:, 0]) or not np.all(rising | first):
        raise Unreadable("the indices of a support vector are no rising whole numbers")
    if len(indices) and (indices.min() < 0 or indices.max() > _LARGEST):
        raise Unreadable("a support vector has an index out of range")
    return indices
