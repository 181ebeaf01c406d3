"""Spark asked in this process: the worker's own code, with the one session that the whole run has.

A worker of its own would start a JVM each time. That one can be started, and ends, is tried by itself
in ``test_spark_verify``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from onnxpipe.services.natives import native, process
from tests.rigs import spark as rig


class Here(process.Process):
    """What asks like a worker process, and is none."""

    def __init__(self, python: str, timeout: float, where: str) -> None:
        rig.session()
        self.where = where
        self._main = rig.main()
        self._session = self._main.Session()

    def request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply, which went through JSON both ways as it does between processes."""
        asked = json.loads(json.dumps(request))
        reply: dict[str, Any] = json.loads(json.dumps(self._main.handle(self._session, asked)))
        if not reply["ok"]:
            raise self._error(reply)
        return reply

    def failed(self, what: str, remedy: str = "") -> process.NativeFailed:
        return process.NativeFailed(what, where=self.where, remedy=remedy)

    def close(self) -> None:
        """Nothing: the session goes on."""


@contextlib.contextmanager
def asked_here() -> Iterator[None]:
    """Lets every worker that is started meanwhile be this process. Skips the test where there is no Java."""
    rig.session()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(native, "Process", Here)
        yield
