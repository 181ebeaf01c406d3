"""Spark asked in this process: the worker's own code, with the one session that the whole run has.

A worker of its own would start a JVM each time. That one can be started, and ends, is tried by itself
in ``test_spark_verify``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from onnxpipe.services.natives import native, process
from tests.inhouse import Inhouse
from tests.rigs import spark as rig


class Here(Inhouse):
    """What asks like a worker process, and is none."""

    def __init__(self, python: str, timeout: float, where: str) -> None:
        rig.session()
        self.where = where
        self._main = rig.main()
        self._session = self._main.Session()

    def failed(self, what: str, remedy: str = "") -> process.NativeFailed:
        return process.NativeFailed(what, where=self.where, remedy=remedy)


@contextlib.contextmanager
def asked_here() -> Iterator[None]:
    """Lets every worker that is started meanwhile be this process. Skips the test where there is no Java."""
    rig.session()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(native, "Process", Here)
        yield
