"""The demo's server with faults: a model asked for as ``NAME.FAULT`` is served with that fault."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[2] / "docs" / "demo"
sys.path.insert(0, str(DEMO))

import serve  # noqa: E402

MOST = 8
"""Rows that the server with the fault ``few`` takes at once, as Triton's max_batch_size."""


class Faulty(serve.Handler):
    """Answers with the fault that the model's name ends with."""

    fault = ""

    def parse_request(self) -> bool:
        """Below ``/plain`` is the same server, but one that knows no binary tensors."""
        read = super().parse_request()
        self.extensions = () if self.path.startswith("/plain/") else serve.Handler.extensions
        self.path = self.path.removeprefix("/plain")
        return read

    def session(self, name: str) -> Any:
        name, _, self.fault = name.partition(".")
        return self.sessions.get(name)

    def answer(self, told: Any, blob: bytes, status: int = 200) -> None:
        if status == 200 and "outputs" in told and self.command == "POST":
            for entry in told["outputs"]:
                self.spoilt(entry)
            if self.fault == "lacking":
                told["outputs"].pop()
                blob = b""
            if self.fault == "few" and told["outputs"][0]["shape"][0] > MOST:
                status, told = 400, {"error": f"inference request batch-size must be <= {MOST} for 'pipe'"}
            if self.fault in ("busy", "crashed"):
                status, told = 503 if self.fault == "busy" else 500, ["Internal Server Error"]
            if self.fault in ("page", "cut", "late", "dribble"):
                return self.raw()
        return super().answer(told, blob if status == 200 else b"", status)

    def spoilt(self, entry: dict[str, Any]) -> None:
        """One output of an answer in JSON, spoilt."""
        numbers = entry["datatype"] in ("FP32", "FP64")
        if self.fault == "off" and numbers:
            entry["data"] = [value + 0.01 for value in entry["data"]]
        elif self.fault == "typed" and numbers:
            entry["datatype"] = "FP32"
        elif self.fault == "words" and numbers:
            entry["data"] = ["none" for _ in entry["data"]]
        elif self.fault == "unknown":
            entry["datatype"] = "COMPLEX"
        elif self.fault == "shaped":
            entry["shape"][0] += 1
        elif self.fault == "turned" and len(entry["shape"]) == 2:
            entry["shape"] = [entry["shape"][0], 1, entry["shape"][1]]
        elif self.fault == "renamed":
            entry["name"] += "_0"

    def raw(self) -> None:
        """An answer that is none."""
        if self.fault == "late":
            time.sleep(3)
        self.send_response(200)
        self.send_header("Content-Length", "1000" if self.fault in ("cut", "dribble") else "15")
        self.end_headers()
        self.wfile.write(b"<html>Hi</html>")
        for _ in range(30 if self.fault == "dribble" else 0):
            self.wfile.write(b" ")
            time.sleep(0.1)
        self.close_connection = True


@contextmanager
def running(*models: Path) -> Iterator[str]:
    """The address of a server of these models, in a process of its own."""
    command = [sys.executable, __file__, *map(str, models), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    serve.serve(Faulty)
