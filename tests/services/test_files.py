"""Results appear together or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from onnxpipe.errors import Refusal
from onnxpipe.services.keeping import files
from onnxpipe.services.keeping.files import Staging


def listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_nothing_is_there_until_all_is(tmp_path: Path) -> None:
    with Staging() as staging:
        staging.file(tmp_path / "model.onnx", b"model")
        staging.folder(tmp_path / "model.golden" / "set_0", {"input_0.pb": b"rows"})
        assert not (tmp_path / "model.onnx").exists() and not (tmp_path / "model.golden").exists()
        staging.commit()
    assert listed(tmp_path) == [
        "model.golden",
        "model.golden/set_0",
        "model.golden/set_0/input_0.pb",
        "model.onnx",
    ]


def test_what_is_not_committed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Staging() as staging:
        staging.file(tmp_path / "model.onnx", b"model")
        staging.folder(tmp_path / "golden", {"a": b""})
        raise ZeroDivisionError
    assert listed(tmp_path) == []


def test_old_files_and_folders_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "old.pb").write_bytes(b"")
    (tmp_path / "model.onnx").write_bytes(b"old")
    with Staging() as staging:
        staging.file(tmp_path / "model.onnx", b"new")
        staging.folder(tmp_path / "golden", {"new.pb": b""})
        staging.commit()
    assert listed(tmp_path) == ["golden", "golden/new.pb", "model.onnx"]
    assert (tmp_path / "model.onnx").read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions are others there")
def test_links_and_permissions_stay(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    real = tmp_path / "store" / "model.onnx"
    real.write_bytes(b"old")
    real.chmod(0o640)
    (tmp_path / "model.onnx").symlink_to(real)
    files.write_atomically(tmp_path / "model.onnx", b"new")
    assert (tmp_path / "model.onnx").is_symlink() and real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask there")
def test_new_files_are_as_readable_as_any(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.write_atomically(tmp_path / "model.onnx", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "model.onnx").stat().st_mode & 0o777 == 0o644


def test_places_that_cannot_be_written_are_refused_early(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for output in (tmp_path, tmp_path / "none" / "model.onnx", tmp_path / "file" / "model.onnx"):
        with pytest.raises(Refusal):
            files.refuse_unwritable(output)
    files.refuse_unwritable(tmp_path / "model.onnx")
