"""``onnxpipe score`` on this machine: a table in, the same table with answers out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv, parquet
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import onnxpipe as api
from onnxpipe.cli import main
from onnxpipe.errors import BadInput
from onnxpipe.services import score as service
from onnxpipe.services.score import score

pytestmark = pytest.mark.usefixtures("inhouse")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"id": np.arange(1000), "size": rng.normal(size=1000), "kind": rng.choice(["a", "b", "é"], 1000)}
    )


@pytest.fixture(scope="module")
def pipeline(rows: pd.DataFrame) -> Any:
    columns = make_column_transformer((StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"]))
    return make_pipeline(columns, LogisticRegression()).fit(rows, rows["size"] > 0)


@pytest.fixture
def folder(tmp_path: Path, rows: pd.DataFrame, pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model and its rows in every form, and the working folder there."""
    onnx.save(api.convert(pipeline), tmp_path / "model.onnx")
    table = pa.Table.from_pandas(rows, preserve_index=False)
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=300)
    csv.write_csv(table, tmp_path / "rows.csv")
    rows.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_answered(found: pd.DataFrame, rows: pd.DataFrame, pipeline: Any) -> None:
    pd.testing.assert_frame_equal(found[list(rows.columns)], rows, check_dtype=False)
    np.testing.assert_array_equal(found["predict"], pipeline.predict(rows))
    np.testing.assert_allclose(
        np.stack(found["predict_proba"]), pipeline.predict_proba(rows), rtol=1e-9, atol=1e-14
    )


@pytest.mark.parametrize("data", ["rows.parquet", "rows.csv", "rows.jsonl"])
def test_every_row_gets_the_pipelines_answers(
    data: str, folder: Path, rows: pd.DataFrame, pipeline: Any
) -> None:
    assert score("model.onnx", data, "out.parquet").rows == 1000
    assert_answered(pd.read_parquet("out.parquet"), rows, pipeline)


def test_batches_follow_one_another(
    folder: Path, rows: pd.DataFrame, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 77)
    score("model.onnx", "rows.parquet", "out.jsonl")
    assert_answered(pd.read_json("out.jsonl", lines=True), rows, pipeline)


def test_rows_and_answers_may_lie_elsewhere(folder: Path, rows: pd.DataFrame, pipeline: Any) -> None:
    there = fsspec.filesystem("memory")
    there.put("rows.parquet", "/bucket/parts/a.parquet")
    assert score("model.onnx", "memory://bucket/parts", "memory://bucket/out.parquet").rows == 1000
    there.get("/bucket/out.parquet", "back.parquet")
    assert_answered(pd.read_parquet("back.parquet"), rows, pipeline)
    url = (folder / "rows.csv").as_uri()
    assert main(["score", "model.onnx", "--data", url, "-o", (folder / "out.csv").as_uri()]) == 0
    assert len(pd.read_csv("out.csv")) == 1000
    assert api.verify("model.onnx", pipeline, url).origins["data"] == 1000


def test_what_repeats_itself_is_kept_once(folder: Path) -> None:
    score("model.onnx", "rows.parquet", "out.parquet")
    group = parquet.read_metadata("out.parquet").row_group(0)
    kept = {(c := group.column(i)).path_in_schema: c.has_dictionary_page for i in range(group.num_columns)}
    assert kept == {
        "id": False,
        "size": False,
        "kind": True,
        "predict": False,
        "predict_proba.list.element": False,
    }


def test_columns_of_nothing_and_of_other_libraries_types_are_handed_on(
    folder: Path, rows: pd.DataFrame, pipeline: Any
) -> None:
    months = pd.period_range("2020-01", periods=len(rows), freq="M")
    rows.assign(nothing=None, month=months).to_parquet("more.parquet")
    score("model.onnx", "more.parquet", "out.parquet")
    assert_answered(pd.read_parquet("out.parquet"), rows, pipeline)


def test_csv_has_a_column_per_class(folder: Path, pipeline: Any, rows: pd.DataFrame) -> None:
    score("model.onnx", "rows.parquet", "out.csv")
    found = pd.read_csv("out.csv")
    assert list(found) == ["id", "size", "kind", "predict", "predict_proba_0", "predict_proba_1"]
    np.testing.assert_allclose(found["predict_proba_1"], pipeline.predict_proba(rows)[:, 1], rtol=1e-9)


def test_a_folder_of_parquet_files_is_one_table(folder: Path, rows: pd.DataFrame, pipeline: Any) -> None:
    Path("parts").mkdir()
    for i in range(2):
        rows.iloc[i * 500 : (i + 1) * 500].to_parquet(f"parts/{i}.parquet", index=False)
    score("model.onnx", "parts", "out.parquet")
    assert_answered(pd.read_parquet("out.parquet"), rows, pipeline)


def test_a_refused_row_is_named_and_nothing_is_written(folder: Path, rows: pd.DataFrame) -> None:
    damaged = rows.copy()
    damaged.loc[[631, 900], "kind"] = "unseen"
    damaged.to_parquet("damaged.parquet", index=False)
    with pytest.raises(BadInput, match=r"damaged\.parquet: the model refuses row 631"):
        score("model.onnx", "damaged.parquet", "out.parquet")
    assert sorted(path.name for path in folder.iterdir() if "out" in path.name) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "rows.parquet", "-o", "out.xlsx"], "Name it .parquet, .csv, .jsonl."),
        (["--data", "absent.parquet", "-o", "out.parquet"], "no such file"),
        (["--data", "model.onnx", "-o", "out.parquet"], "can't be read as rows"),
        (["--data", "answered.parquet", "-o", "out.parquet"], "already have a column predict"),
        (["--data", "narrow.parquet", "-o", "out.parquet"], "no column kind"),
        (["--data", "rows.parquet", "-o", "rows.parquet"], "would overwrite"),
        (["--data", "cut.parquet", "-o", "out.parquet"], "can't be read as rows"),
        (["--data", "memory://nowhere", "-o", "out.parquet"], "memory://nowhere: no such file or folder"),
        (["--data", "memory://a.csv", "-o", "memory://a.csv"], "would overwrite"),
        (["--data", "rows.csv", "-o", "nonsense://out.csv"], "nonsense"),
    ],
)
def test_what_cant_be_scored_is_refused(
    arguments: list[str], told: str, folder: Path, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    rows.assign(predict=1).to_parquet("answered.parquet")
    rows[["size", "id"]].to_parquet("narrow.parquet")
    Path("cut.parquet").write_bytes(Path("rows.parquet").read_bytes()[:2000])
    before = sorted(folder.iterdir())
    assert main(["score", "model.onnx", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_standard_streams_serve_as_tables(
    folder: Path, rows: pd.DataFrame, pipeline: Any, capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((folder / "rows.csv").read_bytes())))
    assert main(["score", "model.onnx", "--data", "-", "-o", "-"]) == 0
    found = pd.read_csv(io.BytesIO(capsysbinary.readouterr().out))
    assert list(found["predict"]) == list(pipeline.predict(rows))


def test_the_command_says_how_many_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "model.onnx", "--data", "rows.csv", "-o", "out.jsonl"]) == 0
    assert "wrote out.jsonl: 1,000 rows" in capsys.readouterr().out
    assert json.loads(Path("out.jsonl").read_text("utf-8").splitlines()[0]).keys() >= {"id", "predict"}
