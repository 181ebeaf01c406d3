"""The worker without a process of its own: what the original answers, asked in this one."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from typing import Any

from onnxpipe.services.natives.process import WORKER, Process


class Inhouse(Process):
    """A worker that is called instead of started; the interpreter and the time limit don't matter."""

    def __init__(self, python: str, timeout: float, where: str) -> None:
        self.timeout, self.where = timeout, where
        self._main = program()
        self._session = self._main.Session()

    def request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        sent = json.loads(json.dumps(request))
        reply: dict[str, Any] = json.loads(json.dumps(self._main.handle(self._session, sent)))
        if not reply["ok"]:
            raise self._error(reply)
        return reply

    def failed(self, what: str, remedy: str = "") -> Any:
        from onnxpipe.errors import NativeFailed

        return NativeFailed(f"the original can't be asked: {what}", where=self.where, remedy=remedy)

    def close(self) -> None:
        pass


def program() -> Any:
    """The worker's program as a module: the one of this process, whose classes its siblings know."""
    if "_onnxpipe_main" not in sys.modules:
        spec = importlib.util.spec_from_file_location("_onnxpipe_main", WORKER)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["_onnxpipe_main"] = module
        spec.loader.exec_module(module)
    return sys.modules["_onnxpipe_main"]
