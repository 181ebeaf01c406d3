"""Running the program as a user does, and what its tests need beside it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

PROGRAM = (sys.executable, "-m", "onnxpipe")


def onnxpipe(*arguments: object, cwd: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """The finished process of one command line, its output captured."""
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False, timeout=120)


def here(*arguments: object, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """As ``onnxpipe``, in this very process: a second and a half sooner."""
    from onnxpipe.cli import main

    home, streams = Path.cwd(), (sys.stdin, sys.stdout, sys.stderr)
    given, out, err = (io.TextIOWrapper(io.BytesIO(data), "utf-8", write_through=True)
                       for data in (stdin, b"", b""))  # fmt: skip
    os.chdir(cwd)
    sys.stdin, sys.stdout, sys.stderr = given, out, err
    try:
        code = main(list(map(str, arguments)))
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(home)
    said, warned = (stream.buffer.getvalue() for stream in (out, err))  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(arguments, code, said, warned)


def told(done: subprocess.CompletedProcess[bytes]) -> str:
    """All that a process said."""
    return (done.stdout + done.stderr).decode()


def git(folder: Path, *arguments: str) -> str:
    """The answer of a git command that must succeed, under a name of its own."""
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


def fitted() -> tuple[Any, Any]:
    """A small fitted pipeline with text labels, and the matrix it was fitted on."""
    rows = np.random.default_rng(0).normal(size=(40, 3))
    labels = np.where(rows[:, 0] > 0, "yes", "no")
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels), rows


def saved(folder: Path, name: str = "pipe.joblib") -> Path:
    """The small pipeline in a file, with its rows beside it as ``rows.npy``."""
    pipeline, rows = fitted()
    joblib.dump(pipeline, folder / name)
    np.save(folder / "rows.npy", rows)
    return folder / name
