"""Exit codes: 0 done, 1 a finding and nothing else, 2 refused, 3 a bug of ours, 130 interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from onnxpipe.cli import exits, main
from onnxpipe.errors import Finding, MissingExtra, Refusal, Unreadable
from tests.shell import PROGRAM, onnxpipe, told


def raising(error: BaseException) -> Callable[[], int]:
    def call() -> int:
        raise error

    return call


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_answers_its_code(code: int) -> None:
    assert exits.code_of(lambda: code) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Finding("it differs"), 1),
        (Refusal("no"), 2),
        (Unreadable("damaged", where="p.joblib"), 2),
        (click.UsageError("no such option"), 2),
        (click.ClickException("click says no"), 2),
        (click.exceptions.Exit(0), 0),
        (click.exceptions.Exit(1), 2),
        (PermissionError(13, "Permission denied", "model.onnx"), 2),
        (OSError(28, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (BrokenPipeError(32, "Broken pipe"), 141),
        (ValueError("planted"), 3),
        (AssertionError("planted"), 3),
        (OSError("without a number: not the system's"), 3),
        (RecursionError("planted"), 3),
        (MemoryError(), 3),
    ],
    ids=repr,
)
def test_every_error_has_its_code(error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exits, "_silenced", lambda: exits.PIPE_CLOSED)
    assert exits.code_of(raising(error)) == code


def test_a_refusal_says_where_what_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    exits.code_of(raising(MissingExtra("sklearn", "sklearn", where="p.joblib")))
    assert capsys.readouterr().err == (
        "Error: p.joblib: sklearn isn't installed\n  pip install 'onnxpipe[sklearn]'\n"
    )


def test_a_bug_shows_its_traceback_and_the_versions(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(raising(ZeroDivisionError("planted"))) == 3
    said = capsys.readouterr().err
    assert "ZeroDivisionError: planted" in said and "Traceback" in said
    assert "onnxpipe 0." in said and "Python 3." in said and "onnxruntime" in said


def test_a_bug_in_a_command_exits_with_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import onnxpipe.services.skew as service

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(service, "skew", lambda *_args, **_options: 1 / 0)
    assert main(["skew"]) == 3


@pytest.mark.parametrize("arguments", [(), ("nope",), ("skew", "--nope"), ("skew", "--output-format", "x")])
def test_usage_errors_exit_with_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = onnxpipe(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in told(done)


WAITING = """
import sys, time
import onnxpipe.services.skew as service
def skew(*args, **options):
    print("ready", flush=True)
    time.sleep(60)
service.skew = skew
from onnxpipe.cli import main
sys.exit(main(["skew"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent differently there")
def test_an_interrupt_exits_with_130_and_no_traceback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in said and b"Interrupted" in said


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close differently there")
def test_a_reader_that_leaves_is_no_error_to_shout_about(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen([*PROGRAM, "skew"], cwd=tmp_path, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (141, b"")
