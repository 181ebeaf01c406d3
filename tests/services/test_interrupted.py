"""Cut off at any moment: the old files or the new ones, never the model of one and the lock of the other."""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from onnxpipe import skew
from onnxpipe.cli import main
from onnxpipe.errors import Refusal, Unreadable
from onnxpipe.services.keeping import holding, journal
from onnxpipe.services.keeping.files import Staging
from tests.services.test_skew import write
from tests.shell import saved

Files = dict[str, bytes]
HOME = Path(__file__).parents[2]
CALLS = ("link", "rename", "replace", "unlink", "rmdir", "mkdir", "chmod", "fsync", "open", "listdir")
"""What of ``os`` changes files, or looks for those to change."""

pytestmark = [
    pytest.mark.skipif(sys.version_info < (3, 11), reason="pathlib can't be watched there"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are others there"),
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests write thousands of files and pull no plug."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Killed(BaseException):
    """The end of a process: nothing after it is done."""


class Cut:
    """Lets so many operations on files pass, then raises: once, or for ever after as death does."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: BaseException | None) -> None:
        self.passed, self.at, self.error = 0, at, error
        for name in CALLS:
            patch.setattr(os, name, self._watched(getattr(os, name)))
        patch.setattr(io, "open", self._watched(io.open))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.passed += 1
            if self.error and (self.passed == self.at or (self.passed > self.at and self.dead)):
                raise self.error
            return call(*args, **kwargs)

        return watched

    @property
    def dead(self) -> bool:
        return isinstance(self.error, Killed)


def version(name: str, *, golden: bool = True) -> Files:
    """The files of one conversion, each telling which it is of."""
    rows = {"model.golden/test_data_set_0/input_0.pb": b"rows " + name.encode()} if golden else {}
    return {"model.onnx": b"model " + name.encode(), **rows, "model.onnx.lock": b"lock " + name.encode()}


def put(folder: Path, files: Files, before: Files) -> None:
    """Write a version as a conversion does."""
    golden = folder / "model.golden" / "test_data_set_0"
    with Staging() as staging:
        staging.file(folder / "model.onnx", files["model.onnx"])
        rows = {Path(name).name: data for name, data in files.items() if "golden" in name}
        if rows:
            staging.folder(golden, rows)
        elif any("golden" in name for name in before):
            staging.gone(golden)
        staging.file(folder / "model.onnx.lock", files["model.onnx.lock"])
        staging.commit()


def seen(folder: Path, *, hidden: bool = False) -> Files:
    """The files below a folder, without those under temporary names unless asked for."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if hidden or "/." not in f"/{name}"}


BARE = version("old", golden=False)
STEPS = {
    "first": ({}, version("new")),
    "again": (version("old"), version("new")),
    "golden rows are new": (BARE, version("new")),
    "golden rows are gone": (version("old"), version("new", golden=False)),
}


def cuts(folder: Path, before: Files, after: Files, error: BaseException) -> Any:
    """Every folder a conversion was cut off in, one per operation, and whether it raised."""
    for at in itertools.count(1):
        home = folder / str(at)
        home.mkdir(parents=True)
        if before:
            put(home, before, {})
        raised = False
        with pytest.MonkeyPatch.context() as patch:
            cut = Cut(patch, at, error)
            try:
                put(home, after, before)
            except type(error):
                raised = True
        if cut.passed < at:
            assert at > 30
            return
        yield home, raised


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_process_leaves_the_old_or_the_new(step: str, tmp_path: Path) -> None:
    before, after = STEPS[step]
    found = set()
    for home, _ in cuts(tmp_path, before, after, Killed()):
        journal.settle(home / "model.onnx")
        assert seen(home) in (before, after)
        found.add(seen(home) == after)
        put(home, version("third"), seen(home))
        assert seen(home, hidden=True) == version("third")
    assert found == ({True, False} if before else {False})  # what is new once all is in place is the rest


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_leaves_the_old(step: str, tmp_path: Path) -> None:
    before, after = STEPS[step]
    for home, raised in cuts(tmp_path, before, after, OSError(28, "No space left on device")):
        assert seen(home) == (before if raised else after)


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupt_leaves_the_old_or_the_new(step: str, tmp_path: Path) -> None:
    before, after = STEPS[step]
    for home, raised in cuts(tmp_path, before, after, KeyboardInterrupt()):
        assert raised and seen(home) in (before, after)


BUSY = """
import itertools, sys
from pathlib import Path
from onnxpipe.services.keeping.files import Staging
folder = Path(sys.argv[1])
for n in itertools.count():
    with Staging() as staging:
        staging.file(folder / "model.onnx", b"%d" % n)
        staging.folder(folder / "model.golden" / "test_data_set_0", {"input_0.pb": b"%d" % n})
        staging.file(folder / "model.onnx.lock", b"%d" % n)
        staging.commit()
    if n == 0:
        print(n, flush=True)
"""


NO_FLOCK = "from onnxpipe.services.keeping import holding\nholding.fcntl = None\n"


def busy(folder: Path, before: str = "") -> subprocess.Popen[bytes]:
    """A process that writes version after version, its first one written."""
    command = [sys.executable, "-c", before + BUSY, str(folder)]
    process = subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"0\n"
    return process


def test_processes_that_are_really_killed_leave_one_version(tmp_path: Path) -> None:
    wait = random.Random(0)
    for _ in range(5):
        with busy(tmp_path) as process:
            time.sleep(wait.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        journal.settle(tmp_path / "model.onnx")
        assert len(set(seen(tmp_path).values())) == 1 and len(seen(tmp_path)) == 3
    put(tmp_path, version("last"), seen(tmp_path))
    assert seen(tmp_path, hidden=True) == version("last")


@pytest.mark.parametrize("before", ["", NO_FLOCK], ids=["flock", "no flock"])
def test_processes_that_write_one_model_together_leave_one_version(
    before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = [busy(tmp_path, before) for _ in range(3)]
    time.sleep(0.5)
    for process in together:
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    if before:
        without_flock(monkeypatch)
    journal.settle(tmp_path / "model.onnx")
    assert len(set(seen(tmp_path).values())) == 1 and len(seen(tmp_path)) == 3


def without_flock(patch: pytest.MonkeyPatch) -> None:
    """As on Windows, and as if all that a process left were left long ago."""
    patch.setattr(holding, "fcntl", None)
    patch.setattr(holding, "_STALE", -1.0)
    patch.setattr(holding, "_LEFT", -1.0)


def test_without_flock_a_killed_process_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_flock(monkeypatch)
    test_a_killed_process_leaves_the_old_or_the_new("again", tmp_path)
    test_a_full_disk_leaves_the_old("first", tmp_path / "full")


def test_without_flock_a_folder_is_held_by_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "fcntl", None)
    monkeypatch.setattr(holding, "_PATIENCE", 0.05)
    left = tmp_path / ".model.onnx.01234567.tmp"
    left.write_bytes(b"")
    with holding.exclusive(tmp_path):
        assert (tmp_path / holding.BUSY).exists() and not holding.is_left(left)
        with pytest.raises(Refusal, match="another process is writing there"), holding.exclusive(tmp_path):
            pass
    put(tmp_path, version("new"), {})
    assert set(seen(tmp_path, hidden=True)) == {*version("new"), left.name}, "it may still be written"
    (tmp_path / holding.BUSY).write_bytes(b"")
    long_ago = time.time() - 2 * 24 * 3600
    for path in (left, tmp_path / holding.BUSY):
        os.utime(path, (long_ago, long_ago))
    put(tmp_path, version("newer"), version("new"))
    assert seen(tmp_path, hidden=True) == version("newer")


def test_the_hook_puts_the_old_ones_back(tmp_path: Path) -> None:
    write(tmp_path, source="pipe.joblib")
    before = seen(tmp_path)
    assert skew([tmp_path / "model.onnx"])
    for at in itertools.count(1):
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            Cut(patch, at, Killed())
            put(tmp_path, version("new"), before)
        if seen(tmp_path) != before:
            break
    assert (tmp_path / ".model.onnx.undo").exists()
    assert skew([tmp_path / "model.onnx"]) and seen(tmp_path) == before


LIMITED = [
    ("convert", "pipe.joblib", "-o", "model.onnx", "--no-verify", "--dtype", "float32"),
    ("stitch", "model.onnx", "sorted_probabilities", "-o", "full.onnx"),
    ("score", "model.onnx", "--data", "rows.npy", "-o", "rows.parquet"),
]


def test_a_disk_that_is_full_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["convert", "pipe.joblib", "-o", "model.onnx", "--no-verify", "-q"]) == 0
    before = seen(tmp_path, hidden=True)
    for command in LIMITED:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
        try:
            code = main([*command, "-q"])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        said = capsys.readouterr().err
        assert code == 2 and "File too large" in said and "Traceback" not in said, (command, said)
        assert seen(tmp_path, hidden=True) == before


@pytest.mark.parametrize(
    "entry",
    [
        {"target": "../outside", "aside": ".outside.01234567.tmp", "inode": 0, "made": False},
        {"target": "/outside", "aside": ".outside.01234567.tmp", "inode": 0, "made": False},
        {"target": "model.onnx", "aside": "../../outside", "inode": 0, "made": False},
        {"target": "model.onnx", "aside": 1, "inode": 0, "made": False},
        {"target": "", "aside": "", "inode": 0, "made": True},
        {"another": "thing"},
        "text",
    ],
)
def test_a_journal_that_lies_is_refused(entry: Any, tmp_path: Path) -> None:
    put(tmp_path, version("old"), {})
    (tmp_path / ".model.onnx.undo").write_text(json.dumps([entry]))
    with pytest.raises(Unreadable, match="no journal of ours"):
        journal.settle(tmp_path / "model.onnx")
    assert seen(tmp_path) == version("old")
