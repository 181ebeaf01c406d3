"""A browser, or node, that comes for its work to a server of this process, on this machine only."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from onnxpipe.errors import ServerFailed

_PAGE = b"""<!doctype html><meta charset="utf-8"><title>onnxpipe</title><script type="module">
import * as ort from "./ort/ort.wasm.min.mjs";
import { serve } from "./web.mjs";
serve(ort, "./");
</script>"""
_SCRIPT = Path(__file__).parents[2] / "worker" / "web.mjs"
_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}
_LOOK = 0.2
"""Seconds between two looks at whether the visitor is still alive."""


class Visitor:
    """A process that is asked by ``ask`` and answers; ended with this object or with this process.

    ``command`` makes its command line of a URL and of an empty folder that it may fill. Raises
    ServerFailed where it can't be started, ends, or takes longer than ``timeout`` seconds.
    """

    def __init__(self, files: Path, command: Callable[[str, str], list[str]], timeout: float) -> None:
        self._timeout = timeout
        self._requests: queue.Queue[bytes] = queue.Queue()
        self._replies: queue.Queue[bytes] = queue.Queue()
        key = secrets.token_urlsafe(16)
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(f"/{key}/", files, self._requests, self._replies)
        )
        Thread(target=self._server.serve_forever, daemon=True).start()
        self._folder = tempfile.mkdtemp(prefix="onnxpipe-web-")
        url = f"http://127.0.0.1:{self._server.server_port}/{key}/"
        self._process = self._started(command(url, self._folder))
        self._end = weakref.finalize(self, _ended, self._process, self._server, self._folder)

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a request, which has ``error`` where it couldn't be carried out."""
        self._requests.put(json.dumps(request).encode())
        until = time.monotonic() + self._timeout
        while self._process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                reply: dict[str, Any] = json.loads(self._replies.get(timeout=_LOOK))
                return reply
        alive = self._process.poll() is None
        self.close()
        if alive:
            raise ServerFailed(
                f"no answer within {self._timeout:g} s", remedy="Give it more: --timeout SECONDS."
            )
        raise ServerFailed(f"it ended by itself (exit code {self._process.returncode})")

    def close(self) -> None:
        """End the process and the server; safe to call twice."""
        self._end()

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ServerFailed(f"can't start {command[0]}: {error.strerror}") from None


def _ended(process: subprocess.Popen[bytes], server: ThreadingHTTPServer, folder: str) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    process.wait()
    server.shutdown()
    server.server_close()
    shutil.rmtree(folder, ignore_errors=True)


def _handler(
    home: str, files: Path, requests: queue.Queue[bytes], replies: queue.Queue[bytes]
) -> type[BaseHTTPRequestHandler]:
    """What answers under a secret path: the page, the runtime's files, the next request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix(home) if self.path.startswith(home) else None
            if path == "next":
                self._send(requests.get(), "application/json")
            elif path == "":
                self._send(_PAGE, "text/html")
            else:
                file = _SCRIPT if path == "web.mjs" else files / Path(path or "").name
                known = path is not None and file.suffix in _TYPES and file.is_file()
                self._send(file.read_bytes(), _TYPES[file.suffix]) if known else self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == f"{home}answer":
                replies.put(body)
                self._send(b"", "text/plain")
            else:
                self.send_error(404)

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing: standard error is for the user."""

    return Handler
