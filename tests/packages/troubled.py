"""A network that does what its first number says: end the process, hang, fail, print, read."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

CRASHES, HANGS, FAILS, STARVES, TALKS, ASKS = range(1, 7)
ROOM = 64 << 20
"""Bytes that a starving network may take besides what its process has."""


class Troubled(torch.nn.Module):
    """Answers twice its input, after whatever trouble it makes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not torch.compiler.is_compiling():
            TROUBLE.get(int(x[0, 0]) if len(x) else 0, bool)()
        return x * 2


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    time.sleep(600)


def fail() -> None:
    raise KeyError("no such word")


def starve() -> None:
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, limits[1]))
    try:
        torch.ones(ROOM)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def talk() -> None:
    print('{"ok": true}')
    os.write(1, b'{"ok": true, "refused": []}\n' * 5000)
    sys.stderr.write("a warning\n" * 5000)


def ask() -> None:
    input("Go on?")


TROUBLE: dict[int, Any] = {
    CRASHES: crash, HANGS: hang, FAILS: fail, STARVES: starve, TALKS: talk, ASKS: ask,
}  # fmt: skip
