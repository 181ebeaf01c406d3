"""Rows from files and tables: columns by name, gaps as NaN and None."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from onnxpipe.errors import BadInput, OnnxpipeError, Unreadable
from onnxpipe.services.judging.rows import as_rows, load_rows

FRAME = pd.DataFrame(
    {
        "number": [1.5, None, -0.0],
        "count": [1, 2, 3],
        "flag": [True, False, True],
        "text": ["Zürich", None, "a,b\n\"c\""],
        "day": ["2020-01-01", "2021-02-03", "2022-03-04"],
    }
)  # fmt: skip


def assert_frame(rows: dict[str, Any]) -> None:
    assert list(rows) == list(FRAME.columns)
    np.testing.assert_array_equal(rows["number"], [1.5, np.nan, -0.0])
    assert rows["count"].dtype == np.int64 and rows["flag"].dtype == bool
    assert rows["text"].tolist() == ["Zürich", None, 'a,b\n"c"']
    assert rows["day"].tolist() == FRAME["day"].tolist()


def csv(folder: Path) -> Path:
    FRAME.to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def plain(column: Any) -> list[Any]:
    return [None if value != value else value for value in column]


def parquet_file(folder: Path) -> Path:
    parquet.write_table(pa.Table.from_pydict({c: plain(FRAME[c]) for c in FRAME}), folder / "rows.parquet")
    return folder / "rows.parquet"


def parquet_folder(folder: Path) -> Path:
    (folder / "table").mkdir()
    parquet_file(folder).rename(folder / "table" / "part-0.parquet")
    return folder / "table"


def json_lines(folder: Path) -> Path:
    records = json.loads(FRAME.to_json(orient="records"))
    (folder / "rows.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder / "rows.jsonl"


def json_array(folder: Path) -> Path:
    (folder / "rows.json").write_text(FRAME.to_json(orient="records"))
    return folder / "rows.json"


@pytest.mark.parametrize("write", [csv, parquet_file, parquet_folder, json_lines, json_array])
def test_every_kind_of_file_gives_the_same_columns(write: Any, tmp_path: Path) -> None:
    assert_frame(load_rows(write(tmp_path)))


def test_kinds_are_told_from_the_bytes(tmp_path: Path) -> None:
    for write in (csv, parquet_file, json_lines):
        path = write(tmp_path).rename(tmp_path / "rows.bin")
        assert_frame(load_rows(path))


def test_a_matrix_is_one_column(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.arange(6.0).reshape(3, 2))
    assert load_rows(tmp_path / "m.npy")["X"].shape == (3, 2)


def test_archives_keep_their_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", a=np.arange(3), words=np.array(["x", "y", "z"]))
    rows = load_rows(tmp_path / "m.npz")
    assert rows["a"].tolist() == [0, 1, 2] and rows["words"].dtype == object


def test_vectors_are_matrices_and_ragged_lists_are_padded(tmp_path: Path) -> None:
    table = {"v": [[1.0, 2.0], [3.0, 4.0]], "r": [["a"], ["b", "c"]], "n": [[1.0], None]}
    parquet.write_table(pa.Table.from_pydict(table), tmp_path / "t.parquet")
    rows = load_rows(tmp_path / "t.parquet")
    assert rows["v"].tolist() == [[1, 2], [3, 4]]
    assert rows["r"].tolist() == [["a", ""], ["b", "c"]]
    np.testing.assert_array_equal(rows["n"], [[1.0], [np.nan]])


def test_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    assert [len(column) for column in load_rows(tmp_path / "t.csv").values()] == [0, 0]


def test_empty_columns_are_missing_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n,1\n,2\n")
    assert np.isnan(load_rows(tmp_path / "t.csv")["a"]).all()


def test_flags_with_gaps_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\ntrue,1\n,2\nfalse,3\n")
    np.testing.assert_array_equal(load_rows(tmp_path / "t.csv")["a"], [1, np.nan, 0])


DAMAGED = {
    "empty": b"",
    "ragged.csv": b"a,b\n1,2\n3\n",
    "twice.csv": b"a,a\n1,2\n",
    "cut.parquet": b"PAR1 and no more",
    "cut.npy": b"\x93NUMPY\x01\x00v\x00{'descr'",
    "cut.npz": b"PK\x03\x04 and no more",
    "cut.json": b'{"a": 1}\n{"a": ',
    "array.json": b'[{"a": 1}, ',
    "text": bytes(range(256)),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(DAMAGED[name])
    with pytest.raises((Unreadable, BadInput)) as refused:
        load_rows(tmp_path / name)
    assert str(tmp_path / name) in str(refused.value)


def test_objects_in_arrays_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(Unreadable):
        load_rows(tmp_path / "o.npy")


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", a=np.arange(3), b=np.arange(2))
    with pytest.raises(BadInput, match="no table"):
        load_rows(tmp_path / "m.npz")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OnnxpipeError, match="no such file"):
        load_rows(tmp_path / "none.csv")


TABLES = [
    {"a": [1, 2], "b": ["x", "y"]},
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    pa.table({"a": [1, 2], "b": ["x", "y"]}),
    pa.RecordBatch.from_pydict({"a": [1, 2], "b": ["x", "y"]}),
    pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    pl.LazyFrame({"a": [1, 2], "b": ["x", "y"]}),
    np.array([(1, "x"), (2, "y")], dtype=[("a", "i8"), ("b", "U1")]),
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_tables_in_memory_give_the_same_columns(table: Any) -> None:
    rows = as_rows(table)
    assert {name: column.tolist() for name, column in rows.items()} == {"a": [1, 2], "b": ["x", "y"]}


def test_pandas_own_types_become_numpys() -> None:
    frame = pd.DataFrame({"i": [1, None], "j": [1, 2], "b": [True, None], "t": ["x", None], "c": ["u", "v"]})
    frame = frame.astype({"i": "Int64", "j": "Int16", "b": "boolean", "t": "string", "c": "category"})
    rows = as_rows(frame)
    np.testing.assert_array_equal(rows["i"], [1.0, np.nan])
    np.testing.assert_array_equal(rows["b"], [1.0, np.nan])
    assert rows["j"].dtype == np.float64  # scikit-learn makes floats of all that has room for gaps
    assert rows["c"].tolist() == ["u", "v"]
    assert rows["t"].dtype == object and rows["t"][0] == "x" and pd.isna(rows["t"][1])


def test_a_matrix_in_memory_is_one_column() -> None:
    assert as_rows([[1.0, 2.0]])["X"].shape == (1, 2)


ODD = [object(), {"no": "table"}]
WITH_OTHERS = [
    {"a": [1, 2], "b": ["x", "y"], "odd": ODD},
    pd.DataFrame([[1, "x", 0.5, 0.5], [2, "y", 0.5, 0.5]], columns=["a", "b", "twice", "twice"]),
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "odd": ODD}),
    pl.DataFrame({"a": [1, 2], "b": ["x", "y"], "lists": [[1], [2, 3]], "days": [None, None]}),
    pa.table({"a": [1, 2], "b": ["x", "y"], "lists": [[[1]], [[2, 3], []]]}),
]


@pytest.mark.parametrize("table", WITH_OTHERS, ids=lambda table: type(table).__name__)
def test_columns_that_nobody_wants_may_hold_anything(table: Any) -> None:
    rows = as_rows(table, ["b", "a"])
    assert {name: column.tolist() for name, column in rows.items()} == {"a": [1, 2], "b": ["x", "y"]}


def test_lists_in_cells_are_no_gaps() -> None:
    rows = as_rows(pl.DataFrame({"a": [1], "lists": [[1, 2]]}))
    assert list(rows) == ["a", "lists"]


def test_what_is_no_text_is_named_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"ARROW1\0\0\nx,\0\x10\n")
    with pytest.raises(Unreadable, match="neither text nor Parquet"):
        load_rows(tmp_path / "rows")
