"""Arrow tables and numpy columns: how rows come in from files and clusters, and how answers go out."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from onnxpipe.errors import BadInput

Array = np.ndarray[Any, Any]
Rows = dict[str, Array]


def from_arrow(table: Any) -> Rows:
    """The columns of a pyarrow Table. Raises BadInput for a name that is there twice."""
    names = table.column_names
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise BadInput(f"column {', '.join(twice)} is there more than once")
    return {name: _column(table[name]) for name in names}


def _column(column: Any) -> Array:
    """One pyarrow column as an array: gaps in numbers become NaN, in text None."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) and _repeats(column):
        column, kind = column.dictionary_encode(), pa.dictionary(pa.int32(), kind)
    if pa.types.is_dictionary(kind):
        return (
            _unpacked(column)
            if pa.types.is_string(kind.value_type)
            else _column(column.cast(kind.value_type))
        )
    if pa.types.is_struct(kind) and tuple(field.name for field in kind) == _VECTOR:
        return _vectors(column)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        even = _matrix(column)
        return padded(column.to_pylist()) if even is None else even
    if pa.types.is_decimal(kind) or pa.types.is_null(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_boolean(kind) and column.null_count:
        column = column.cast(pa.int8()).cast(pa.float64())
    array: Array = column.to_numpy()
    return array


_SAMPLE = 1024


def _repeats(column: Any) -> bool:
    """Whether text seems to be of few distinct values: then not every row's need be made in Python."""
    head = column.slice(0, _SAMPLE)
    return len(column) > _SAMPLE and len(head.unique()) * 2 < _SAMPLE


def _unpacked(column: Any) -> Array:
    """Text kept as its distinct values and where they are, as one text per row."""
    import pyarrow as pa

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [np.empty(0, object)]
    for chunk in chunks:
        texts = np.array([*chunk.dictionary.to_pylist(), None], object)
        parts.append(texts[chunk.indices.fill_null(len(texts) - 1).to_numpy()])
    return np.concatenate(parts)


def _matrix(column: Any) -> Array | None:
    """Number lists of one length as ``[N, d]`` without a Python object per row; None for others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type.value_type
    if column.null_count or not len(column) or not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        return None
    sizes = pc.min_max(pc.list_value_length(column)).as_py()
    flat = pc.list_flatten(column)
    if sizes["min"] != sizes["max"] or flat.null_count:
        return None
    matrix: Array = flat.to_numpy().reshape(len(column), sizes["min"])
    return matrix


def padded(rows: list[list[Any] | None]) -> Array:
    """Lists as one array ``[N, longest]``, shorter ones filled on the right: text with ``""``, else NaN."""
    lists = [row or [] for row in rows]
    width = max(map(len, lists), default=0)
    text = any(isinstance(value, str) for row in lists for value in row)
    gap = None if text else np.nan
    held = [[gap if value is None else value for value in row] for row in lists]
    filled = [[*row, *["" if text else np.nan] * (width - len(row))] for row in held]
    return np.array(filled, dtype=object if text else None).reshape(len(lists), width)


_VECTOR = ("type", "size", "indices", "values")
"""The fields of Spark's vectors as they are stored (VectorUDT.sqlType); type 0 is sparse, 1 dense."""


def _vectors(column: Any) -> Array:
    """Spark's vectors as one matrix ``[N, d]``, a missing one as NaN.

    Raises BadInput where their sizes differ.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kinds, sizes, indices, values = whole.flatten()
    lengths = pc.list_value_length(values).fill_null(0).to_numpy()
    there, sparse = whole.is_valid().to_numpy(False), pc.equal(kinds, 0).fill_null(False).to_numpy(False)
    widths = np.unique(np.where(sparse, sizes.fill_null(0).to_numpy(), lengths)[there])
    if len(widths) > 1:
        raise BadInput(f"vectors of different sizes: {', '.join(map(str, widths))}")
    matrix = np.zeros((len(whole), *widths) if len(widths) else (len(whole), 0))
    matrix[~there] = np.nan
    places = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    places[np.repeat(sparse, lengths)] = pc.list_flatten(indices).to_numpy()
    matrix[np.repeat(np.arange(len(whole)), lengths), places] = pc.list_flatten(values).to_numpy()
    return matrix


def to_arrow(values: Array, listed: bool = False) -> Any:
    """An answer as a pyarrow Array: ``[N]`` and ``[N, 1]`` one value per row, ``[N, ...]`` lists.

    ``listed`` has ``[N, 1]`` as lists, too: answers that are as long as the rows need.
    """
    one = values.ndim == 2 and values.shape[1] == 1 and not listed
    return _nested(values[:, 0] if one else values)


def _nested(values: Array) -> Any:
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values, pa.string() if values.dtype.kind in "OU" else None)
    count, width = values.shape[:2]
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.ListArray.from_arrays(offsets, _nested(values.reshape(count * width, *values.shape[2:])))
