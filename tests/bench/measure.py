"""How things are measured: medians of several runs, ours and the peer's taking turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure: ours beside the peer's, and the limit on their ratio (ours / peer)."""

    what: str
    ours: float
    peer: float
    unit: str
    peer_name: str
    limit: float

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def holds(self) -> bool:
        return self.ratio <= self.limit


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU seconds and peak memory in MB."""

    cpu: float
    peak: float


def process(arguments: Sequence[str]) -> Cost:
    """The cost of ``python ARGUMENTS``, whole process. Raises CalledProcessError if it fails."""
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
        "sys.exit(done.returncode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    cpu, peak = done.stdout.split()
    return Cost(float(cpu), float(peak))


def median_cpu(arguments: Sequence[str], runs: int = 5) -> float:
    """Median CPU seconds of ``python ARGUMENTS``."""
    return statistics.median(process(arguments).cpu for _ in range(runs))


def taking_turns(calls: Sequence[Callable[[], object]], rounds: int, warm: int = 2) -> list[float]:
    """Median seconds of each call; rounds take turns, so that noise falls on all alike.

    Each round runs a call ``warm`` times before the timed one: what the other call left in the
    caches is not its doing.
    """
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, seen in zip(calls, times, strict=True):
            for _ in range(warm):
                call()
            start = time.perf_counter()
            call()
            seen.append(time.perf_counter() - start)
    return [statistics.median(seen) for seen in times]


def session(model: bytes) -> Any:
    """An onnxruntime session on one thread: idle pools that spin would slow the other side's turns."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
