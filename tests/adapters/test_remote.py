"""Saved pipelines on other file systems: fsspec's own stand in for s3, hdfs and the like."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import fsspec
import onnx
import pytest

import onnxpipe as api
from onnxpipe.core.fragment import metadata
from onnxpipe.errors import Unreadable
from tests.shell import here, told

FIXTURES = Path(__file__).parents[2] / "fixtures"
SPARK = FIXTURES / "spark_textbook_4_3/saved"


def test_a_folder_elsewhere_converts_as_the_same_folder_here() -> None:
    fsspec.filesystem("memory").put(str(SPARK), "/models/churn", recursive=True)
    assert api.convert("memory://models/churn") == api.convert(SPARK)


def test_a_file_elsewhere_converts_and_its_lock_keeps_the_url(tmp_path: Path) -> None:
    (there := tmp_path / "bucket").mkdir()
    shutil.copy(FIXTURES / "scaled_logistic/pipeline.skops", there)
    url = (there / "pipeline.skops").as_uri()
    done = here("convert", url, "-o", "model.onnx", "--no-verify", cwd=tmp_path)
    assert done.returncode == 0, told(done)
    lock = json.loads((tmp_path / "model.onnx.lock").read_text(encoding="utf-8"))
    assert lock["source"]["path"] == url
    assert lock["command"] == f"onnxpipe convert {url} -o model.onnx --no-verify"
    assert lock["source"]["sha256"] == metadata(onnx.load(tmp_path / "model.onnx"))["source_digest"]
    checked = here("skew", "model.onnx.lock", cwd=tmp_path)
    assert checked.returncode == 0, told(checked)
    strict = here("skew", "--strict", "model.onnx.lock", cwd=tmp_path)
    assert strict.returncode == 1
    assert url.encode() in strict.stdout + strict.stderr


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("memory://nowhere/at-all", "no such file or folder"),
        ("nonsense://bucket/model", "nonsense"),
        ("file:///no/such/place.joblib", "no such file or folder"),
    ],
)
def test_what_is_not_there_is_told(url: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as told_so:
        api.convert(url)
    assert url in str(told_so.value)


def test_a_kind_of_url_whose_driver_is_missing_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(url: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", without)
    with pytest.raises(Unreadable, match="s3fs"):
        api.convert("s3://bucket/model")
