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
    """One figure: ours beside the peer's, and the limit on their ratio (ours / peer).

    The ratio is that of the two unless it was taken turn by turn.
    """

    what: str
    ours: float
    peer: float
    unit: str
    peer_name: str
    limit: float
    by_turns: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.peer if self.by_turns is None else self.by_turns

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
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Duel:
    """Two calls that took turns: their median seconds, and the median of each turn's ratio (ours / peer)."""

    ours: float
    peer: float
    ratio: float


def duel(
    ours: Callable[[], object],
    peer: Callable[[], object],
    seconds: float = 0.5,
    clock: Callable[[], float] = time.perf_counter,
) -> Duel:
    """Both calls in turn for about ``seconds``, quick ones several times a turn, at least seven turns.

    The ratio is taken turn by turn, so that a machine busy with other things slows both alike.
    ``clock`` tells the seconds of a call: the wall's, unless it says otherwise.
    """
    repeats = max(1, int(0.002 / max(_once(ours, 3, clock), 1e-7)))
    turns: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while len(turns) < 7 or time.perf_counter() < end:
        pair = (ours, peer) if len(turns) % 2 else (peer, ours)
        first, second = (_once(call, repeats, clock) for call in pair)
        turns.append((first, second) if len(turns) % 2 else (second, first))
    mine, theirs = (statistics.median(side) for side in zip(*turns, strict=True))
    return Duel(mine, theirs, statistics.median(a / b for a, b in turns))


def _once(call: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Seconds of one of several calls in a row, the first not counted."""
    call()
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats
