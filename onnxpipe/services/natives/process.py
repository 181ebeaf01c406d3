"""A worker process: started in any interpreter, asked over pipes, never waited for without a limit."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from onnxpipe.errors import ExportFailed, MissingExtra, NativeFailed, NativeRefused

WORKER = Path(__file__).parents[2] / "worker" / "main.py"
_EXTRAS = {"sklearn": "sklearn", "skops": "sklearn", "pandas": "sklearn", "joblib": "sklearn",
           "xgboost": "boosting", "lightgbm": "boosting", "catboost": "boosting",
           "libsvm": "svm", "liblinear": "svm",
           "skl2onnx": "sklearn", "imblearn": "imbalance",
           "torch": "torch", "onnxscript": "torch", "safetensors": "torch",
            "onnxmltools": "spark", "pyspark": "spark",
           "keras": "keras", "tensorflow": "keras", "h5py": "keras", "tf2onnx": "keras"}  # fmt: skip
_BUSY = {"load": "while it was loaded", "export": "while a part of it was exported",
         "program": "while it was exported"}  # fmt: skip
"""What a worker was doing, by what it was asked for; any other is a question to the loaded artefact."""
_TAIL = 6
_REPLY = '{"ok": '


class Process:
    """One worker of the interpreter ``python`` ("" for this one), about the artefact ``where``.

    Raises NativeFailed where it can't be started, dies, or takes longer than ``timeout`` seconds
    for a request; its process group is killed then.
    """

    def __init__(self, python: str, timeout: float, where: str) -> None:
        self.timeout, self.where = timeout, where
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._replies: queue.Queue[str] = queue.Queue()
        self._process = self._started(python or sys.executable)
        threading.Thread(target=_pump, args=(self._process, self._replies), daemon=True).start()

    def request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to one request. Raises MissingExtra, NativeRefused, ExportFailed or NativeFailed."""
        if self._process.stdin is None or self._process.poll() is not None:
            raise self.failed("its worker has ended")
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        try:
            line = self._replies.get(timeout=self.timeout)
        except queue.Empty:
            kill(self._process)
            remedy = "Give it more: --timeout SECONDS."
            raise self.failed(f"no answer within {self.timeout:g} s", remedy) from None
        if not line:
            raise self.failed(*_ended(self._process.wait(), request["command"]))
        reply: dict[str, Any] = json.loads(line)
        if not reply["ok"]:
            raise self._error(reply)
        return reply

    def failed(self, what: str, remedy: str = "") -> NativeFailed:
        """The error that tells what went wrong, with the last lines the worker wrote to stderr."""
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 4000))
        tail = self._errors.read().decode("utf-8", "replace").strip().splitlines()[-_TAIL:]
        shown = "".join(f"\n    {line}" for line in tail)
        return NativeFailed(
            f"the original can't be asked: {what}{shown}",
            where=self.where,
            remedy=remedy or "--python EXE names the interpreter it was trained in.",
        )

    def close(self) -> None:
        """End the worker and everything it started; safe to call twice."""
        kill(self._process)
        self._errors.close()

    def _started(self, python: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"}
        try:
            return subprocess.Popen(
                [python, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
                text=True, encoding="utf-8", env=environment, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._errors.close()
            raise NativeFailed(
                f"can't start {python}: {error.strerror}", where=self.where,
                remedy="--python names the interpreter that has the framework.",
            ) from None  # fmt: skip

    def _error(self, reply: Mapping[str, Any]) -> Exception:
        module = str(reply.get("module", "")).partition(".")[0]
        if reply["kind"] == "missing" and module == "java":
            return self.failed(reply["message"], "Install Java 17 or later, or set JAVA_HOME.")
        if reply["kind"] == "missing" and module == "tf_keras":
            what = "Keras 2 saved it, and Keras 3 reads it otherwise or not at all"
            return self.failed(what, "pip install tf_keras: the library that Keras 2 goes on as.")
        if reply["kind"] == "missing" and module in _EXTRAS:
            return MissingExtra(module, _EXTRAS[module], where=self.where)
        if reply["kind"] == "unexported":
            return ExportFailed(reply["message"], where=self.where, unknown=not reply.get("known", True))
        if reply["kind"] == "refused":
            return NativeRefused(reply["message"], where=self.where)
        return self.failed(reply["message"])


def _ended(code: int, command: str) -> tuple[str, str]:
    """How a worker ended while it was busy, and what may be done about it."""
    busy = _BUSY.get(command, "while it was asked")
    if code >= 0:
        return f"its worker ended by itself {busy} (exit code {code})", ""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        told = "its worker was killed (SIGKILL), as a system does that runs out of memory,"
        return f"{told} {busy}", "Give it more memory, or ask for fewer rows."
    return (
        f"its worker crashed ({name}) {busy}",
        "The original itself, or a library it uses, ends the process.",
    )


def kill(process: subprocess.Popen[str]) -> None:
    """End a worker and its process group."""
    if process.poll() is None or hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.close()


def _pump(process: subprocess.Popen[str], replies: queue.Queue[str]) -> None:
    """Pass on the worker's replies, and an empty one when it is gone.

    What an interpreter prints when it starts, before the worker has its stdout, is no reply.
    """
    if process.stdout is not None:
        with contextlib.suppress(ValueError, OSError):
            for line in process.stdout:
                if line.startswith(_REPLY):
                    replies.put(line)
    replies.put("")
