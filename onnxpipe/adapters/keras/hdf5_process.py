"""The process that reads HDF5: one for all files, started anew where a damaged file ended it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from onnxpipe.errors import Unreadable

_PROGRAM = Path(__file__).parents[2] / "worker" / "hdf5_tree.py"
_SECONDS = 60.0
"""What one request may take; the bytes are in memory already."""


class Reader:
    """A process with at most one file open, and whose file that is."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self.owner: object = None
        self.soiled = False
        self.turn = threading.RLock()

    def start(self) -> subprocess.Popen[bytes]:
        """The process, which imports what it needs while others go on; a fork's own where this is one."""
        if self._process is None or self._process.poll() is not None or self._pid != os.getpid():
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
            self._process = subprocess.Popen(
                [sys.executable, str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
            )  # fmt: skip
            self._pid, self.owner = os.getpid(), None
        return self._process

    def ask(self, request: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytearray]:
        """The reply and the bytes behind it. Raises Unreadable where the process ends over it."""
        process = self.start()
        assert process.stdin is not None and process.stdout is not None
        timer = threading.Timer(_SECONDS, process.kill)
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.write(data)
                process.stdin.flush()
            line = process.stdout.readline()
            told: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
            behind = bytearray(told.get("size", 0))
            if not told or process.stdout.readinto(behind) != len(behind):  # type: ignore[attr-defined]
                self.close()
                raise Unreadable("its HDF5 is damaged: the library that reads it broke down over it")
        finally:
            timer.cancel()
        if "refused" in told:
            self.soiled = True
            raise Unreadable(f"its HDF5 is damaged: {told['refused']}")
        return told, behind

    def clean(self) -> None:
        """End the process if it met damage: who knows what that did to the library's memory."""
        if self.soiled:
            self.close()

    def close(self) -> None:
        """End the process."""
        self.soiled = False
        process, self._process, self.owner = self._process, None, None
        if process is None or self._pid != os.getpid():
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError, AttributeError):
                pipe.close()  # type: ignore[union-attr]
        process.wait()


READER = Reader()
atexit.register(READER.close)
