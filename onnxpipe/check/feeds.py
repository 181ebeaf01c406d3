"""From a user's rows to what a graph wants: typed, shaped, missing text in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.core.signature import Port, Signature, numpy_dtype
from onnxpipe.errors import BadInput

Array = NDArray[Any]


def feeds(signature: Signature, rows: Any, missing_string: str = "") -> dict[str, Array]:
    """Rows (columns by name, data frame or matrix) as arrays by input name.

    Raises BadInput for a missing column, text where numbers are needed, and widths that don't fit.
    """
    columns = columns_of(rows)
    fed = {port.name: _fed(port, columns, signature, missing_string) for port in signature.inputs}
    lengths = {name: len(array) for name, array in fed.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"columns of different lengths: {lengths}")
    return fed


def columns_of(rows: Any) -> dict[str, Array]:
    """Columns by name of a data frame, mapping or structured array; a matrix is ``X``."""
    if hasattr(rows, "columns") and hasattr(rows, "iloc"):
        return {str(name): np.asarray(rows[name].to_numpy()) for name in rows.columns}
    if isinstance(rows, Mapping):
        return {str(name): np.asarray(value) for name, value in rows.items()}
    array = np.asarray(rows)
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    return {"X": array}


def _fed(port: Port, columns: Mapping[str, Array], signature: Signature, missing: str) -> Array:
    value = columns.get(port.name)
    if value is None and len(signature.inputs) == 1 and len(columns) == _width(port):
        value = np.stack([np.asarray(v).reshape(-1) for v in columns.values()], axis=1)
    if value is None and "X" in columns and columns["X"].ndim == 2:
        value = _positional(port, columns["X"], signature)
    if value is None:
        raise BadInput(
            f"no column {port.name} in the rows", remedy=f"They have: {', '.join(columns) or 'no columns'}"
        )
    shaped = value[:, None] if value.ndim == 1 and len(port.shape) == 2 else value
    if len(port.shape) > 1 and (shaped.ndim != len(port.shape) or not _fits(shaped, port)):
        raise BadInput(f"{port.name} has shape {value.shape}, the graph wants {port}")
    return _typed(port, shaped, missing)


def _positional(port: Port, matrix: Array, signature: Signature) -> Array | None:
    """Column of a matrix for an input by its place, where there is one column per input."""
    names = [p.name for p in signature.inputs]
    if port.name[:1] == "x" and port.name[1:].isdigit() and int(port.name[1:]) < matrix.shape[1]:
        return np.asarray(matrix[:, int(port.name[1:])])
    return np.asarray(matrix[:, names.index(port.name)]) if len(names) == matrix.shape[1] else None


def _width(port: Port) -> Any:
    return port.shape[1] if len(port.shape) == 2 else None


def _fits(array: Array, port: Port) -> bool:
    wanted = zip(array.shape[1:], port.shape[1:], strict=True)
    return all(have == want for have, want in wanted if isinstance(want, int))


def _typed(port: Port, value: Array, missing: str) -> Array:
    if port.is_string:
        return _texts(value, missing)
    target = numpy_dtype(port.dtype)
    if value.dtype.kind in "OUST":
        value = _numbers(port, value)
    if target.kind in "iub" and value.dtype.kind == "f" and not np.array_equal(value, np.floor(value)):
        raise BadInput(f"{port.name} has fractions or gaps, the graph wants {port.dtype}")
    return np.asarray(value.astype(target))


def _texts(value: Array, missing: str) -> Array:
    flat = [missing if _is_missing(v) else str(v) for v in value.ravel().tolist()]
    out = np.empty(len(flat), object)
    out[:] = flat
    return out.reshape(value.shape)


def _numbers(port: Port, value: Array) -> Array:
    flat = value.ravel().tolist()
    for cell in flat:
        if isinstance(cell, str):
            raise BadInput(f"{port.name} holds text ({cell!r}), the graph wants {port.dtype}")
    return np.asarray([np.nan if _is_missing(v) else v for v in flat], np.float64).reshape(value.shape)


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value
