"""Columns of Parquet as numpy sees them: Spark's vectors and matrices dense, lists without a loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_LARGEST = 2**28
"""Numbers up to which a sparse vector or matrix is made dense: 2 GiB."""
_DTYPES = {"float": "float32", "double": "float64", "halffloat": "float16"}
"""numpy's names where pyarrow has others."""
VECTOR = {"type", "size", "indices", "values"}
MATRIX = {"type", "numRows", "numCols", "colPtrs", "rowIndices", "values", "isTransposed"}


class Sparse(np.ndarray[Any, Any]):
    """A dense array of what was saved sparse: Spark computes nothing where it is 0."""


@dataclass(frozen=True, slots=True)
class Lists(Sequence[Array]):
    """One list of numbers per row: row ``i`` is ``values[offsets[i]:offsets[i + 1]]``."""

    values: Array
    offsets: Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, i: int) -> Array: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Array]: ...
    def __getitem__(self, i: int | slice) -> Array | Sequence[Array]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        i %= len(self)
        return np.asarray(self.values[self.offsets[i] : self.offsets[i + 1]])


def columns_of(table: Any) -> dict[str, Any]:
    """The columns of a pyarrow Table by name, as ``column`` has them."""
    return {name: column(table.column(name).combine_chunks()) for name in table.column_names}


def column(array: Any) -> Any:
    """One pyarrow array: numbers as numpy, text as a list, structs as a mapping of columns.

    Vectors and matrices (structs too) are lists of dense arrays; lists of numbers are ``Lists``,
    maps are dictionaries. Missing numbers are NaN. Raises ValueError for sizes that don't hold.
    """
    import pyarrow as pa

    kind = array.type
    if pa.types.is_struct(kind):
        names = {kind.field(i).name for i in range(kind.num_fields)}
        if names == VECTOR:
            return [None if value is None else vector(value) for value in array.to_pylist()]
        if names == MATRIX:
            return [None if value is None else matrix(value) for value in array.to_pylist()]
        parts = zip((kind.field(i).name for i in range(kind.num_fields)), array.flatten(), strict=True)
        return {name: column(part) for name, part in parts}
    if pa.types.is_list(kind) and _is_number(kind.value_type) and not array.null_count:
        offsets = _numbers(array.offsets)
        return Lists(_numbers(array.values[offsets[0] : offsets[-1]]), offsets - offsets[0])
    if _is_number(kind):
        return _numbers(array)
    return [_plain(value) for value in array.to_pylist()]


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _numbers(array: Any) -> Array:
    """Numbers or booleans as numpy; missing ones make floats of integers, and are NaN.

    Read off the buffers: pyarrow's own ``to_numpy`` imports pandas, which takes longer than all the
    rest, and its ``cast`` all functions that it has.
    """
    import pyarrow as pa

    if pa.types.is_boolean(array.type):
        return np.array(array.to_pylist(), np.float64 if array.null_count else np.bool_)
    held, data = array.buffers()
    name, here = str(array.type), slice(array.offset, array.offset + len(array))
    values = np.frombuffer(data or b"", np.dtype(_DTYPES.get(name, name)))[here]
    if not array.null_count:
        return values
    there = np.unpackbits(np.frombuffer(held, np.uint8), bitorder="little")[here]
    return np.where(there, values.astype(np.float64), np.nan)


def _plain(value: Any) -> Any:
    """Maps, which pyarrow gives as pairs, as dictionaries, vectors and matrices dense, also in lists."""
    if isinstance(value, dict):
        return vector(value) if value.keys() == VECTOR else matrix(value) if value.keys() == MATRIX else value
    if isinstance(value, list):
        if value and all(isinstance(pair, tuple) for pair in value):
            return {key: _plain(inner) for key, inner in value}
        return [_plain(inner) for inner in value]
    return value


def vector(value: Mapping[str, Any]) -> Array:
    """A vector ``[d]``; type 1 is dense, 0 sparse, which makes it a ``Sparse``."""
    values = np.asarray(value["values"] or (), np.float64)
    if value["type"] == 1:
        return values
    dense = np.zeros(_size(value["size"]))
    dense[_places(value["indices"], len(dense))] = values
    return dense.view(Sparse)


def matrix(value: Mapping[str, Any]) -> Array:
    """A matrix ``[rows, columns]``; type 1 is dense, 0 sparse; columns one after the other unless transposed.

    Formula: DenseMatrix and SparseMatrix in org/apache/spark/ml/linalg/Matrices.scala.
    """
    rows, columns = int(value["numRows"]), int(value["numCols"])
    _size(rows * columns)
    values = np.asarray(value["values"] or (), np.float64)
    shape = (columns, rows) if not value["isTransposed"] else (rows, columns)
    if value["type"] == 1:
        dense = values.reshape(shape)
    else:
        dense = np.zeros(shape)
        major = np.repeat(np.arange(shape[0]), np.diff(value["colPtrs"]))
        dense[major, _places(value["rowIndices"], shape[1])] = values
        dense = dense.view(Sparse)
    return dense if value["isTransposed"] else dense.T


def _size(size: Any) -> int:
    if not 0 <= int(size) <= _LARGEST:
        raise ValueError(f"a vector of {size} numbers is declared")
    return int(size)


def _places(indices: Any, size: int) -> Array:
    places = np.asarray(indices or (), np.int64)
    if len(places) and not 0 <= places.min() <= places.max() < size:
        raise ValueError("an index is outside of its vector")
    return places


def rows_of(columns: Mapping[str, Any]) -> int:
    """How many rows a table has, 0 for one without columns."""
    first: Any = next(iter(columns.values()), ())
    return rows_of(first) if isinstance(first, Mapping) else len(first)


def first_row(columns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each column's first value by name."""
    for name, values in columns.items():
        yield name, dict(first_row(values)) if isinstance(values, Mapping) else values[0]
