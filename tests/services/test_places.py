"""Where files lie and who else writes there: odd names, folders that can't be written, several at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import pytest

from onnxpipe import skew
from onnxpipe.cli import main
from onnxpipe.errors import Refusal
from onnxpipe.services import convert, release
from onnxpipe.services.release import Order
from tests.fuzz_kinds import converted
from tests.shell import PROGRAM, git, saved

PLAIN = "--no-verify"


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_odd_names_go_all_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Convert, replay, stitch, score and skew, from a folder and below files with blanks and accents."""
    home = tmp_path / "modèles (v1), 100% 'gut' \u4e2d"
    home.mkdir()
    saved(home, "pipe line é.joblib")
    monkeypatch.chdir(home)
    assert main(["convert", "pipe line é.joblib", "-o", "mo dèle.onnx", "-q"]) == 0
    assert main(["verify", "mo dèle.onnx", "--report", "rap port é.html", "-q"]) == 0
    parts = (
        "parts:\r\n  - name: model\r\n    model: mo dèle.onnx\r\n  - name: best\r\n    component: softmax\r\n"
    )
    wires = "wires: [model.predict_proba=best.scores]\r\n"
    (home / "stitch é.yaml").write_bytes((parts + wires).encode())
    assert main(["stitch", "stitch é.yaml", "-o", "whole é.onnx", "-q"]) == 0
    assert main(["score", "mo dèle.onnx", "--data", "rows.npy", "-o", "answers é.csv", "-q"]) == 0
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    monkeypatch.chdir(tmp_path)
    found = skew()
    assert found and len(found.locks) == 2 and not found.unchecked
    (home / "pipe line é.joblib").write_bytes(b"trained again")
    change, stale = skew().findings
    assert stale.lock.endswith("whole é.onnx.lock"), "the whole that the model went into, after it"
    script = change.remedy.replace("onnxpipe convert", "printf '%s\\n'")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "pipe line é.joblib"


@contextmanager
def unprivileged() -> Iterator[None]:
    """As another user than root, whom no folder stops."""
    if os.getuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="folders are protected otherwise there")
def test_a_folder_that_cannot_be_written_is_refused_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path)
    monkeypatch.chdir(tmp_path)
    convert = ["convert", "pipe.joblib", PLAIN, "-q", "-o"]
    assert main([*convert, "-"]) == 0
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o555)
    with unprivileged():
        for output, code in (("model.onnx", 2), ("-", 0)):
            assert main([*convert, output]) == code
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o755)
    assert "the folder isn't writable" in capfd.readouterr().err
    assert listed(tmp_path) == ["pipe.joblib", "rows.npy"]


@pytest.mark.slow
def test_conversions_into_one_folder_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those into one file the model and the lock are of one; others are untouched."""
    saved(tmp_path)
    names, dtypes = ("one.onnx", "one.onnx", "two.onnx"), ("native", "float32", "float32")
    together = [
        subprocess.Popen(
            [*PROGRAM, "convert", "pipe.joblib", "-o", name, "--dtype", dtype, PLAIN, "-q"], cwd=tmp_path
        )
        for name, dtype in zip(names, dtypes, strict=True)
    ]
    assert [process.wait() for process in together] == [0] * 3
    monkeypatch.chdir(tmp_path)
    assert skew(["one.onnx", "two.onnx"])
    assert listed(tmp_path) == [
        "one.onnx", "one.onnx.lock", "pipe.joblib", "rows.npy", "two.onnx", "two.onnx.lock"
    ]  # fmt: skip
    for name in ("one.onnx", "two.onnx"):
        onnx.checker.check_model(onnx.load(tmp_path / name))


def test_a_source_that_is_trained_again_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, tested = saved(tmp_path), release.selftest

    def train(*given: object) -> None:
        tested(*given)  # type: ignore[arg-type]
        source.write_bytes(source.read_bytes() + b"more")

    monkeypatch.setattr(release, "selftest", train)
    order = Order(convert.artefact_of(source), tmp_path / "model.onnx", verify=False)
    with pytest.raises(Refusal, match="changed meanwhile"):
        release.release(order)
    assert listed(tmp_path) == ["pipe.joblib", "rows.npy"]


ELSEWHERE = """
import os, sys, time
os.umask(0o077)
time.tzset()
time.time = lambda: 4e9
from onnxpipe.cli import main
sys.exit(main(["convert", "pipe.joblib", "-o", "model.onnx", "-q"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="zones are set otherwise there")
def test_on_another_day_and_machine_the_bytes_are_the_same(tmp_path: Path) -> None:
    """Model, golden rows and lock: another folder, clock, zone, language, hash seed and number of threads."""
    here = {name: data for name, data in converted().items() if name.startswith("model.")}
    (tmp_path / "pipe.joblib").write_bytes(converted()["pipe.joblib"])
    os.utime(tmp_path / "pipe.joblib", (1, 1))
    other = {"TZ": "Asia/Kolkata", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "4711",
             "OMP_NUM_THREADS": "1", "HOME": str(tmp_path), "USER": "somebody"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=tmp_path, env={**os.environ, **other}, check=False
    )
    assert done.returncode == 0
    there = {name: (tmp_path / name).read_bytes() for name in listed(tmp_path) if name.startswith("model.")}
    assert there == here and len(there) == 5
