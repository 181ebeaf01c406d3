"""scipy's sparse matrices, which arrive as records, as the dense arrays they stand for.

Layout of the attributes: scipy/sparse/_compressed.py and _coo.py (1.5 to 1.17).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onnxpipe.core.record import Record, walk
from onnxpipe.errors import Unreadable

LIMIT = 2**26
"""Elements that a matrix may have once it is dense: 512 MiB of float64."""


_WHAT = ("matrix", "array")
_FORMATS = tuple(f"scipy.sparse.{layout}_{what}" for layout in ("csr", "csc", "coo") for what in _WHAT)


class Unfolding(dict[str, Any]):
    """An object's attributes, the sparse matrices among them unfolded as soon as they are asked for."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if is_sparse(value):
            value = self[name] = dense(value)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401  (get is what this is)


def unfold(root: Record) -> None:
    """Let every object under ``root`` give its sparse matrices as dense arrays, when it is asked for them."""
    for record in walk(root):
        if any(map(is_sparse, record.fields.values())):
            record.state = Unfolding(record.fields)


def is_sparse(value: Any) -> bool:
    """Whether a value is the record of a scipy matrix or array of a format that is read."""
    return isinstance(value, Record) and value.kind in _FORMATS


def dense(record: Record) -> np.ndarray[Any, Any]:
    """The array ``[n, d]`` of a csr, csc or coo matrix; entries at one place are summed.

    Raises Unreadable for another format, an index out of range, or a matrix too large to unfold.
    """
    rows, columns = _places(record)
    shape = tuple(int(n) for n in record.get("_shape") or ())
    if len(shape) != 2 or shape[0] * shape[1] > LIMIT or min(shape) < 0:
        raise Unreadable(f"a sparse matrix in it has shape {shape}, too large to be unfolded for a graph")
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    if len(rows) != len(columns) or not inside.all():
        raise Unreadable("a sparse matrix in it has entries outside its shape")
    data = np.asarray(record.get("data"))
    made = np.zeros(shape, data.dtype)
    np.add.at(made, (rows, columns), data)
    return made


def _places(record: Record) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows and columns of the stored entries."""
    fields, layout = record.fields, record.kind.rpartition(".")[2][:3]
    if layout == "coo":
        rows, columns = fields.get("coords") or (fields.get("row"), fields.get("col"))
        return np.asarray(rows), np.asarray(columns)
    if layout not in ("csr", "csc"):
        raise Unreadable(f"it holds a {record.kind}, a format that isn't read")
    counts = np.diff(np.asarray(fields.get("indptr")))
    if (counts < 0).any() or counts.sum() != len(fields.get("indices", ())):
        raise Unreadable("a sparse matrix in it has pointers that don't fit")
    major, minor = np.repeat(np.arange(len(counts)), counts), np.asarray(fields["indices"])
    return (major, minor) if layout == "csr" else (minor, major)
