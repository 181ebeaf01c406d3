"""A real Chromium without a window, driven over its debugging pipe: pages laid out, keys pressed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--remote-debugging-pipe",
)  # fmt: skip


def executable() -> str:
    """The browser's path. Skips the test where there is none: not every machine can have one."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        pytest.skip("no chromium here (set CHROMIUM to its path)")
    return found


class Chromium:
    """One tab; a context manager. Skips the test where there is no Chromium.

    The protocol: Chrome DevTools, JSON between NUL bytes on file descriptors 3 and 4.
    """

    def __init__(self, profile: Path) -> None:
        browser = executable()
        self._number, self._session, self._held = 0, "", b""
        (theirs, self._to), (self._from, mine) = os.pipe(), os.pipe()
        script = f'exec "$0" "$@" 3<&{theirs} 4>&{mine}'
        command = ["bash", "-c", script, browser, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(command, pass_fds=(theirs, mine), stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(mine)

    def __enter__(self) -> Chromium:
        tabs = self.call("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in tabs if each["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(30)
        os.close(self._to)
        os.close(self._from)

    def call(self, method: str, **given: Any) -> Any:
        """The result of one command."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": given}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def _next(self) -> Any:
        while b"\0" not in self._held:
            part = os.read(self._from, 1 << 16)
            assert part, "the browser is gone"
            self._held += part
        message, _, self._held = self._held.partition(b"\0")
        return json.loads(message)

    def show(self, html: str, width: int, height: int = 800, *, dark: bool = False) -> None:
        """Lay a page out on a screen of a size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        frame = self.call("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.call("Page.setDocumentContent", frameId=frame, html=html)

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page, waited for if it is a promise."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return told["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)
