"""The lock: what it holds, how it reads, and what digests cover."""

from __future__ import annotations

import hashlib
import json
import ntpath
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxpipe import lock
from onnxpipe.errors import BadInput, Unreadable
from onnxpipe.lock import File, Lock
from onnxpipe.services.keeping import comparing

SHA = "ab" * 32
WHOLE = Lock(
    File("model", "model.onnx", SHA),
    File("source", "../train/pipe.joblib", "cd" * 32),
    (File("input", "labels.txt", "ef" * 32),),
    File("golden", "model.golden/test_data_set_0", "01" * 32),
    "onnxpipe convert ../train/pipe.joblib -o model.onnx",
    {"dtype": "native", "opset": {"ai.onnx": 21}},
)


@pytest.mark.parametrize("entry", [WHOLE, Lock(File("model", "m.onnx", SHA))], ids=["whole", "bare"])
def test_what_is_written_is_read_back(entry: Lock) -> None:
    assert lock.parse(entry.to_json().encode()) == entry


def test_the_text_is_sorted_and_ends_with_a_newline() -> None:
    text = WHOLE.to_json()
    keys = list(json.loads(text))
    assert keys == sorted(keys) and text.endswith("}\n")


DAMAGED: list[Any] = [
    None, [], 3, {}, {"lock": 1}, {"lock": 2, "model": {"path": "m", "sha256": SHA}},
    {"lock": 1, "model": "m.onnx"}, {"lock": 1, "model": {"path": "/m", "sha256": SHA}},
    {"lock": 1, "model": {"path": "", "sha256": SHA}}, {"lock": 1, "model": {"path": "m", "sha256": "xyz"}},
    {"lock": 1, "model": {"path": "m", "sha256": SHA.upper()}},
    {"lock": 1, "model": {"path": 1, "sha256": SHA}},
    {"lock": 1, "model": {"path": "m\0", "sha256": SHA}},
    {"lock": 1, "model": {"path": "m", "sha256": SHA}, "inputs": {}},
    {"lock": 1, "model": {"path": "m", "sha256": SHA}, "inputs": ["labels.txt"]},
    {"lock": 1, "model": {"path": "m", "sha256": SHA}, "source": "pipe.joblib"},
    {"lock": 1, "model": {"path": "m", "sha256": SHA}, "command": ["onnxpipe"]},
]  # fmt: skip


@pytest.mark.parametrize("document", DAMAGED, ids=lambda document: json.dumps(document)[:50])
def test_what_is_no_lock_is_refused(document: Any) -> None:
    with pytest.raises(Unreadable, match="not a lock") as refused:
        lock.parse(json.dumps(document).encode(), where="m.onnx.lock")
    assert refused.value.where == "m.onnx.lock" and refused.value.remedy


def test_merge_conflicts_are_called_by_their_name() -> None:
    lines = WHOLE.to_json().splitlines()
    text = "\n".join([lines[0], "<<<<<<< HEAD", lines[1], "=======", lines[1], ">>>>>>> other", *lines[2:]])
    with pytest.raises(Unreadable, match="merge conflicts"):
        lock.parse(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_lock_or_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        lock.parse(data)


@given(st.integers(0, len(WHOLE.to_json()) - 2))
def test_a_truncated_lock_is_refused(length: int) -> None:
    with pytest.raises(Unreadable):
        lock.parse(WHOLE.to_json().encode()[:length])


def test_nesting_too_deep_is_refused() -> None:
    with pytest.raises(Unreadable):
        lock.parse(b"[" * 200_000)


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "big").write_bytes(data)
    assert lock.digest(tmp_path / "big") == hashlib.sha256(data).hexdigest()


def test_a_pointer_counts_as_the_file_it_stands_for(tmp_path: Path) -> None:
    data = b"the real model"
    oid = hashlib.sha256(data).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"
    (tmp_path / "model.onnx").write_text(pointer, newline="\n")
    assert lock.digest(tmp_path / "model.onnx") == oid


def folder(path: Path, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return lock.digest(path)


def test_the_digest_of_a_folder_covers_names_and_bytes(tmp_path: Path) -> None:
    plain = folder(tmp_path / "a", {"x": b"1", "deep/y": b"2"})
    assert plain == folder(tmp_path / "b", {"deep/y": b"2", "x": b"1"})
    assert plain != folder(tmp_path / "c", {"x": b"1", "deep/z": b"2"})
    assert plain != folder(tmp_path / "d", {"x": b"1", "deep/y": b"3"})
    assert plain != folder(tmp_path / "e", {"x": b"1", "deep/y": b"2", "new": b""})
    assert plain != folder(tmp_path / "f", {"x": b"12", "deep/y": b""})


def test_the_digest_of_a_folder_leaves_out_what_hadoop_writes_beside(tmp_path: Path) -> None:
    plain = folder(tmp_path / "a", {"part-0": b"1"})
    assert plain == folder(tmp_path / "b", {"part-0": b"1", "_SUCCESS": b"", ".part-0.crc": b"crc"})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders there")
def test_what_has_no_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe")
    for path in ("/dev/zero", tmp_path / "folder" / "pipe", tmp_path / "folder"):
        with pytest.raises(Unreadable, match="no regular file"):
            lock.digest(path)


@pytest.mark.parametrize(
    ("locked", "here", "same"),
    [
        (b"a\nb\n", b"a\r\nb\r\n", True),
        (b"a\r\nb\r\n", b"a\nb\n", True),
        (b"a\nb\n", b"a\nb", False),
        (b"a\nb\n", b"a\r\nc\r\n", False),
        (b"\0a\n", b"\0a\r\n", False),
    ],
)
def test_a_text_may_come_with_the_platforms_line_ends(
    tmp_path: Path, locked: bytes, here: bytes, same: bool
) -> None:
    (tmp_path / "labels.txt").write_bytes(here)
    assert lock.matches(str(tmp_path / "labels.txt"), hashlib.sha256(locked).hexdigest()) is same


def test_paths_are_relative_with_slashes(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "pipe.joblib").write_bytes(b"1")
    entry = File.of("source", tmp_path / "train" / "pipe.joblib", tmp_path / "models")
    assert entry.path == "../train/pipe.joblib"


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths as Windows has them."""
    system = SimpleNamespace(path=ntpath, sep="\\", fspath=os.fspath)
    monkeypatch.setattr(lock, "os", system)
    monkeypatch.setattr(comparing, "os", system)


def test_windows_paths_are_written_with_slashes_too(windows: None) -> None:
    """A lock that is made on Windows is checked anywhere, and the other way round."""
    assert lock.relative(r"C:\work\data set\pipe.joblib", r"C:\work\models") == "../data set/pipe.joblib"
    golden = lock.relative(r"C:\work\models\model.golden\test_data_set_0", r"C:\work\models")
    assert golden == "model.golden/test_data_set_0"
    entry = File("source", "../data set/pipe.joblib", SHA)
    assert comparing.placed(r"C:\work\models\model.onnx.lock", entry) == r"C:\work\data set\pipe.joblib"
    with pytest.raises(BadInput, match="no relative path"):
        lock.relative(r"D:\pipe.joblib", r"C:\models")


def test_a_lock_that_names_a_drive_is_refused(windows: None) -> None:
    document = json.loads(WHOLE.to_json())
    document["source"]["path"] = r"C:\pipe.joblib"
    with pytest.raises(Unreadable, match="must be relative"):
        lock.parse(json.dumps(document).encode())


def test_another_drive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(*_paths: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", elsewhere)
    with pytest.raises(BadInput, match="no relative path"):
        lock.relative("D:/pipe", "C:/models")
