"""Saved Spark folders that aren't whole, hold what can't be, or are none: refused in words, with code 2."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onnxpipe.errors import Unreadable
from tests.rigs.spark_folders import SAVED, refusal, rewrite, stage
from tests.shell import here, told


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A copy of the saved pipeline, to be damaged."""
    return Path(shutil.copytree(SAVED, tmp_path / "saved"))


@pytest.mark.parametrize("folder", ["metadata", "stages/5*/data", "stages/0*/metadata"])
def test_a_folder_without_its_last_mark_is_refused(saved: Path, folder: str) -> None:
    home = next(saved.glob(folder))
    (home / "_SUCCESS").unlink()
    error = refusal(saved)
    assert isinstance(error, Unreadable) and "_SUCCESS" in error.what and str(home) == error.where
    assert "save" in error.remedy


def test_a_missing_part_is_refused(saved: Path) -> None:
    part = next(stage(saved, "5_").glob("data/part-*"))
    part.unlink()
    assert part.name in refusal(saved).what


def test_a_missing_stage_is_refused(saved: Path) -> None:
    shutil.rmtree(stage(saved, "3_"))
    assert "no such folder" in refusal(saved).what


def test_a_truncated_table_is_refused(saved: Path) -> None:
    part = next(stage(saved, "5_").glob("data/part-*"))
    part.write_bytes(part.read_bytes()[:-40])
    error = refusal(saved)
    assert isinstance(error, Unreadable) and str(part) == error.where


def test_a_table_of_more_than_its_bytes_can_hold_is_refused(saved: Path) -> None:
    """A list of 40 million zeros in some hundred bytes."""
    part = next(stage(saved, "5_").glob("data/part-*"))
    many = pa.ListArray.from_arrays([0, 40_000_000], np.zeros(40_000_000, np.int8))
    pq.write_table(pa.table({"coefficients": many}), part)
    assert part.stat().st_size < 2**14 and "more data than it can hold" in refusal(saved).what


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"class": 3}', "null", '{"uid": "x"}', "\x00"])
def test_metadata_that_isn_t_any_is_refused(saved: Path, text: str) -> None:
    next((saved / "metadata").glob("part-*")).write_text(text)
    assert isinstance(refusal(saved), Unreadable)


@pytest.mark.parametrize("uid", ["../../../etc", "/etc", "..", "x" * 5000])
def test_no_stage_leads_out_of_the_folder(saved: Path, uid: str) -> None:
    rewrite(saved, paramMap={"stageUids": [uid]})
    assert isinstance(refusal(saved), Unreadable)


def test_no_link_leads_out_of_the_folder(saved: Path, tmp_path: Path) -> None:
    data = stage(saved, "5_") / "data"
    shutil.move(data, tmp_path / "elsewhere")
    data.symlink_to(tmp_path / "elsewhere")
    assert "own folder" in refusal(saved).what


def test_links_in_a_circle_end(saved: Path) -> None:
    inner = stage(saved, "6_") / "bestModel"
    inner.symlink_to(stage(saved, "6_"))
    assert "nested too deeply" in refusal(saved).what


def test_what_save_to_local_writes_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "metadata").write_bytes(b"\x00\x01")
    error = refusal(tmp_path / "local")
    assert "saveToLocal" in error.what and "save(" in error.remedy


def local(saved: Path) -> None:
    for inner in ("metadata", "stages"):
        shutil.rmtree(saved / inner)
    (saved / "metadata").write_bytes(b"\x00\x01")


def other(saved: Path) -> None:
    for inner in ("metadata", "stages"):
        shutil.rmtree(saved / inner)
    (saved / "notes.txt").write_text("no pipeline\n")


def cut(saved: Path) -> None:
    part = next(stage(saved, "5_").glob("data/part-*"))
    part.write_bytes(part.read_bytes()[:-40])


DAMAGES: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "writing was never finished": (
        lambda saved: (stage(saved, "5_") / "data" / "_SUCCESS").unlink(),
        ("5_StandardScaler", "_SUCCESS", "Save it again"),
    ),
    "a part is missing": (
        lambda saved: next(stage(saved, "5_").glob("data/part-*")).unlink(),
        ("5_StandardScaler", "is missing", "Save it again"),
    ),
    "a table is cut short": (cut, ("5_StandardScaler", ".parquet", "Save it again")),
    "a class is unknown": (
        lambda saved: rewrite(stage(saved, "5_"), **{"class": "com.acme.Scaler"}),
        ("com.acme.Scaler", "--trust com.acme.Scaler"),
    ),
    "it was saved by saveToLocal": (local, ("saveToLocal", "save(")),
    "it is no pipeline": (other, ("not a saved pipeline",)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_command_says_what_is_wrong_with_a_folder_and_writes_nothing(
    saved: Path, damage: str, tmp_path: Path
) -> None:
    change, says = DAMAGES[damage]
    change(saved)
    before = sorted(tmp_path.rglob("*"))
    done = here("convert", "saved", "-o", "model.onnx", cwd=tmp_path)
    assert done.returncode == 2, told(done)
    assert all(each in told(done) for each in says), told(done)
    assert "Traceback" not in told(done) and sorted(tmp_path.rglob("*")) == before
