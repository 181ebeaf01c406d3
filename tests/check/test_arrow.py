"""Arrow columns to numpy and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from onnxpipe.check.arrow import from_arrow, to_arrow
from onnxpipe.errors import BadInput

SPARK_VECTOR = pa.struct(
    [
        ("type", pa.int8()),
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
)


def read(values: list[Any], kind: Any) -> Any:
    return from_arrow(pa.table({"x": pa.array(values, kind)}))["x"]


def sparse(size: int, indices: list[int], values: list[float]) -> dict[str, Any]:
    return {"type": 0, "size": size, "indices": indices, "values": values}


def dense(values: list[float]) -> dict[str, Any]:
    return {"type": 1, "size": None, "indices": None, "values": values}


TEXTS = ["a", None, "é\x00", "", "b"]


@pytest.mark.parametrize("values", [TEXTS * 500, [f"{i}" for i in range(2000)], TEXTS, []], ids=len)
def test_text_is_itself_however_it_is_kept(values: list[Any]) -> None:
    kept = pa.array(values, pa.string())
    chunked = pa.chunked_array([kept.dictionary_encode(), pa.array(["z", None]).dictionary_encode()])
    assert from_arrow(pa.table({"x": kept.slice(1)}))["x"].tolist() == values[1:]
    assert from_arrow(pa.table({"x": chunked}))["x"].tolist() == [*values, "z", None]


def test_lists_of_one_length_are_a_matrix_and_others_are_padded() -> None:
    assert read([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float64())).tolist() == [[1, 2], [3, 4]]
    assert read([[1, 2], [3, 4]], pa.list_(pa.int64())).dtype == np.int64
    np.testing.assert_equal(read([[1.0], [2.0, 3.0]], pa.list_(pa.float64())), [[1, np.nan], [2, 3]])
    np.testing.assert_equal(read([[1.0, None], [2.0, 3.0]], pa.list_(pa.float64())), [[1, np.nan], [2, 3]])
    np.testing.assert_equal(read([[1.0, 2.0], None], pa.list_(pa.float64())), [[1, 2], [np.nan, np.nan]])


def test_a_slice_of_lists_is_itself() -> None:
    table = pa.table({"x": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])}).slice(1)
    assert from_arrow(table)["x"].tolist() == [[3, 4], [5, 6]]


def test_the_vectors_of_spark_are_matrices() -> None:
    found = read([sparse(3, [2], [5.0]), dense([1.0, 2.0, 3.0]), None], SPARK_VECTOR)
    np.testing.assert_equal(found, [[0, 0, 5], [1, 2, 3], [np.nan] * 3])
    rows = [
        dense([0.0, 9.0, 9.0]),
        None,
        sparse(3, [], []),
        sparse(3, [1, 0], [7.0, 8.0]),
        dense([4.0, 5.0, 6.0]),
    ]
    kept = pa.chunked_array([pa.array(rows[:2], SPARK_VECTOR), pa.array(rows, SPARK_VECTOR).slice(2)])
    wanted = [[0, 9, 9], [np.nan] * 3, [0, 0, 0], [8, 7, 0], [4, 5, 6]]
    np.testing.assert_equal(from_arrow(pa.table({"x": kept}))["x"], wanted)
    assert read([None], SPARK_VECTOR).shape == (1, 0)


def test_vectors_of_different_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match="different sizes: 1, 3"):
        read([sparse(3, [2], [5.0]), dense([1.0])], SPARK_VECTOR)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.5, np.nan]),
        np.array([[1, 2, 3]]),
        np.arange(12.0).reshape(2, 3, 2),
        np.array([["a", ""], ["é", "b"]], object),
        np.zeros((0, 4)),
        np.array([True, False]),
    ],
    ids=str,
)
def test_answers_come_back_as_they_went(values: Any) -> None:
    back = np.array(to_arrow(values).to_pylist(), values.dtype).reshape(values.shape)
    np.testing.assert_array_equal(back, values)


def test_one_column_is_one_value_per_row() -> None:
    assert to_arrow(np.array([[1.0], [2.0]])).to_pylist() == [1, 2]
    assert to_arrow(np.array([[1.0], [2.0]]), listed=True).to_pylist() == [[1], [2]]
