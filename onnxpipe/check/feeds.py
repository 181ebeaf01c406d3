"""From a user's rows to what a graph wants: typed, shaped, missing text in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxpipe.check.frames import as_rows, is_missing, settled
from onnxpipe.core.signature import SEQUENCE, Port, Signature, numpy_dtype, renamed
from onnxpipe.errors import BadInput

Array = NDArray[Any]


def feeds(signature: Signature, rows: Any, missing_string: str = "") -> dict[str, Any]:
    """Rows (columns by name, data frame or matrix) as arrays by input name.

    What a sequence of tensors is for, of whatever sizes, is an iterable in a mapping. Raises BadInput
    for a missing column, text where numbers are needed, and widths that don't fit.
    """
    if any(port.is_sequence for port in signature.inputs):
        return {port.name: _listed(port, rows) for port in signature.inputs}
    names = [port.name for port in signature.inputs]
    columns = renamed(as_rows(rows, names), names)
    fed = {port.name: _fed(port, columns, signature, missing_string) for port in signature.inputs}
    lengths = {name: len(array) for name, array in fed.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"columns of different lengths: {lengths}")
    return fed


def _listed(port: Port, rows: Any) -> Any:
    """The tensors of a sequence, or one tensor beside some. Raises BadInput where they don't fit."""
    if not isinstance(rows, Mapping) or port.name not in rows:
        raise BadInput(f"nothing is given for {port}", remedy=f"Give {{{port.name!r}: [array, array, ...]}}.")
    name = port.dtype.removeprefix(SEQUENCE)
    dtype = np.dtype(object) if name == "string" else numpy_dtype(name)
    if not port.is_sequence:
        return np.asarray(rows[port.name], dtype)
    tensors = [np.asarray(each) for each in rows[port.name]]
    for each in tensors:
        if each.ndim != len(port.shape) or each.dtype != dtype or not _fits(each[None], port):
            raise BadInput(f"{port.name} holds {each.dtype}{list(each.shape)}, the graph wants {port}")
    return tensors


def _fed(port: Port, columns: Mapping[str, Array], signature: Signature, missing: str) -> Array:
    value = columns.get(port.name)
    if value is None and len(signature.inputs) == 1 and list(columns) == ["X"]:
        value = columns["X"] if columns["X"].ndim == len(port.shape) > 1 else None
    if value is None and len(signature.inputs) == 1 and len(columns) == _width(port):
        value = np.stack([np.asarray(v).reshape(-1) for v in columns.values()], axis=1)
    if value is None and "X" in columns and columns["X"].ndim == 2:
        value = _positional(port, columns["X"], signature)
    if value is None:
        raise _absent(port, columns, signature)
    if value.ndim > 1 and value.shape[:2] == (0, 0):  # no lists, which therefore have no length
        value = value.reshape(0, *(dim if isinstance(dim, int) else 1 for dim in port.shape[1:]))
    shaped = value[:, None] if value.ndim == 1 and len(port.shape) == 2 else value
    if len(port.shape) > 1 and (shaped.ndim != len(port.shape) or not _fits(shaped, port)):
        raise BadInput(f"{port.name} has shape {value.shape}, the graph wants {port}")
    return _typed(port, shaped, missing)


def _absent(port: Port, columns: Mapping[str, Array], signature: Signature) -> BadInput:
    """The error for rows without an input; of the only one, a matrix, they may have other columns."""
    there, width = ", ".join(columns) or "no columns", _width(port)
    if len(signature.inputs) == 1 and isinstance(width, int) and len(columns) > 1:
        told = f"the rows have {len(columns)} columns, the graph wants {width} as {port}"
        return BadInput(told, remedy=f"They are: {there}")
    return BadInput(f"no column {port.name} in the rows", remedy=f"They have: {there}")


def _positional(port: Port, matrix: Array, signature: Signature) -> Array | None:
    """Column of a matrix for an input by its place, where there is one column per input: numbers even where
    the matrix holds text beside them.
    """
    names = [p.name for p in signature.inputs]
    if port.name[:1] == "x" and port.name[1:].isdigit() and int(port.name[1:]) < matrix.shape[1]:
        return settled(matrix[:, int(port.name[1:])])
    return settled(matrix[:, names.index(port.name)]) if len(names) == matrix.shape[1] else None


def _width(port: Port) -> Any:
    return port.shape[1] if len(port.shape) == 2 else None


def _fits(array: Array, port: Port) -> bool:
    wanted = zip(array.shape[1:], port.shape if port.is_sequence else port.shape[1:], strict=True)
    return all(have == want for have, want in wanted if isinstance(want, int))


def _typed(port: Port, value: Array, missing: str) -> Array:
    if port.unit:
        value = _counts(port, value)
    elif value.dtype.kind in "mM":
        raise BadInput(f"{port.name} holds dates or times ({value.dtype}), the graph wants {port.dtype}")
    if port.is_string:
        return _texts(port, value, missing)
    target = numpy_dtype(port.dtype)
    if value.dtype.kind in "OUS":
        value = _numbers(port, value)
    if target.kind in "iub":
        _refuse_other_than_whole(port, value, target)
    return np.asarray(value.astype(target))


def _counts(port: Port, value: Array) -> Array:
    """Dates (also as text or Python's own) or spans of time as counts of the unit; integers are counts.

    Raises BadInput for a column that holds none.
    """
    if value.dtype.kind in "iu":
        return value
    try:
        if value.dtype.kind == "O":
            cells = [None if is_missing(cell) else cell for cell in value.ravel().tolist()]
            value = np.array(cells, port.unit).reshape(value.shape)
        return value.astype(port.unit, casting="same_kind" if value.dtype.kind in "mM" else "no").astype(
            np.int64
        )
    except (TypeError, ValueError):
        told = "Spans of time" if port.unit.startswith("t") else "Dates of a time zone"
        raise BadInput(
            f"{port.name} has no {port.unit} in every row, as the graph wants",
            remedy=f"{told} aren't read from text: give a Parquet file or a data frame of {port.unit}.",
        ) from None


def _refuse_other_than_whole(port: Port, value: Array, target: np.dtype[Any]) -> None:
    """Raise BadInput for numbers that an integer or boolean input can't hold."""
    if value.dtype.kind == "f" and not np.array_equal(value, np.floor(value)):
        raise BadInput(f"{port.name} has fractions or gaps, the graph wants {port.dtype}")
    low, high = (0, 1) if target.kind == "b" else (np.iinfo(target).min, np.iinfo(target).max)
    if value.size and not low <= int(value.min()) <= int(value.max()) <= high:
        raise BadInput(f"{port.name} goes from {value.min()} to {value.max()}, the graph wants {port.dtype}")


def _texts(port: Port, value: Array, missing: str) -> Array:
    """Text as it is, and columns of whole numbers as their digits; anything else is refused."""
    cells = value.ravel().tolist()
    distinct = _distinct(cells)
    if value.dtype.kind not in "iu":
        _refuse_other_than_text(port, distinct)
    told = {cell: missing if is_missing(cell) else str(cell) for cell in distinct}
    try:
        "".join(told.values()).encode()
    except UnicodeEncodeError:
        raise BadInput(f"{port.name} holds half a surrogate pair, which no UTF-8 text can") from None
    out = np.empty(len(cells), object)
    out[:] = cells if value.dtype.kind == "O" and all(map(_is_text, told)) else [told[cell] for cell in cells]
    return out.reshape(value.shape)


def _distinct(cells: list[Any]) -> Iterable[Any]:
    """The cells that differ, each once and in their order: far fewer than there are, mostly."""
    try:
        return dict.fromkeys(cells)
    except TypeError:  # lists and the like
        return cells


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)


def _refuse_other_than_text(port: Port, distinct: Iterable[Any]) -> None:
    """Raise BadInput for the first cell that is neither text nor missing."""
    for cell in distinct:
        if not isinstance(cell, str) and not is_missing(cell):
            raise BadInput(f"{port.name} holds {cell!r}, the graph wants text")


def _numbers(port: Port, value: Array) -> Array:
    """Gaps alone as NaN. Raises BadInput for anything else: numbers have become numbers before."""
    for cell in value.ravel().tolist():
        if not is_missing(cell):
            raise BadInput(f"{port.name} holds text ({cell!r}), the graph wants {port.dtype}")
    return np.full(value.shape, np.nan)
