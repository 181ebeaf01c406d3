"""Keras beside tf2onnx and ``model.export(format="onnx")``: whose graph of a row answers as Keras does.

Verdicts are kept in ``docs/benchmarks/keras-peers.json`` with the versions they were found under; only rows
that aren't there yet, or all of them under other versions, are tried again. ``python -m
tests.bench.keras_peers WORD...`` tries the rows that contain one of the words anew.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import keras_routes
from tests.bench.keras_routes import ROUTES
from tests.harness import Case

DATA = Path("docs/benchmarks/keras-peers.json")
VERDICTS = ("right", "wrong", "doesn't run", "no graph", "refuses", "too slow")
WORST = ("right", "refuses", "no graph", "too slow", "doesn't run", "wrong")
PACKAGES = ("keras", "tensorflow-cpu", "tf2onnx", "onnxruntime")
LIMIT, STARTING, PATIENCE = 60.0, 120.0, 3600.0
"""CPU seconds for a row by one route, and for the first one, which loads TensorFlow; of the clock for any."""
TURNS = 300
"""Rows and routes that a process tries before it makes room for another."""

Found = dict[str, dict[str, list[str]]]
"""By row and route, the verdict and what was said."""


@dataclass
class Child:
    """A process that tries rows, started when one is due and again after one that took it down."""

    process: subprocess.Popen[str] | None = None
    turns: int = 0
    said: list[str] = field(default_factory=list)

    def verdict(self, row: str, route: str) -> list[str]:
        """What a route makes of a row; a row that ends the process, or takes too long, is told as that."""
        fresh = self.process is None or self.turns >= TURNS
        if fresh:
            self.end()
            command = [sys.executable, "-m", "tests.bench.keras_routes"]
            pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self.process, self.turns = subprocess.Popen(command, **pipes, stderr=subprocess.DEVNULL), 0
        assert self.process is not None and self.process.stdin and self.process.stdout
        self.turns += 1
        self.process.stdin.write(json.dumps([row, route]) + "\n")
        self.process.stdin.flush()
        ready = waited(self.process, STARTING if fresh else LIMIT)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return list(json.loads(line))
        code = self.process.poll() if ready else None
        self.end()
        return ["doesn't run", f"the process ends with {code}"] if ready else ["too slow", ""]

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def waited(process: subprocess.Popen[str], limit: float) -> bool:
    """Whether a process says something before it has used so many CPU seconds, whatever else runs."""
    assert process.stdout is not None
    start, end = cpu(process.pid), time.monotonic() + PATIENCE
    while not select.select([process.stdout], [], [], 0.5)[0]:
        if cpu(process.pid) - start > limit or time.monotonic() > end:
            return False
    return True


def cpu(pid: int) -> float:
    """CPU seconds that a process has used; 0 once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(wanted: Mapping[str, Case], found: Found) -> Iterator[str]:
    """Try what isn't found yet, into ``found``; a line for each row."""
    child = Child()
    try:
        for row in wanted:
            held = found.setdefault(row, {})
            todo = [route for route in ROUTES if route not in held]
            for route in todo:
                held[route] = child.verdict(row, route)
            if todo:
                yield " | ".join([row, *(f"{r}: {' '.join(held[r])}" for r in ROUTES)])
    finally:
        child.end()


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def known() -> Found:
    """The verdicts kept under the installed versions; none under others."""
    held = json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}
    return dict(held["rows"]) if held.get("versions") == versions() else {}


def keep(found: Found, rows: Mapping[str, Case]) -> None:
    """Write the verdicts on the rows that there are."""
    held = {row: found[row] for row in rows if row in found}
    text = json.dumps({"versions": versions(), "rows": held}, ensure_ascii=False, indent=1)
    DATA.write_text(text + "\n", encoding="utf-8")


def tried(again: Sequence[str] = ()) -> tuple[Mapping[str, Case], Found]:
    """Every row and its verdicts, kept ones and new ones; those that contain a word in ``again`` are new."""
    rows, found = keras_routes.rows(), known()
    for row in [row for row in found if any(word in row for word in again)]:
        del found[row]
    wanted = {row: c for row, c in rows.items() if not again or any(word in row for word in again)}
    for count, line in enumerate(measured(wanted, found)):
        print(line, flush=True)
        if count % 20 == 19:
            keep(found, rows)
    keep(found, rows)
    return rows, found


def page(setting: str, rows: Mapping[str, Case], found: Found) -> str:
    """Totals over rows and over layers, then one line per row."""
    kinds = {row: _about(case) for row, case in rows.items()}
    layers = sorted(dict.fromkeys(kinds.values()))
    order = sorted((row for row in rows if row in found), key=lambda row: kinds[row])
    return "\n".join(
        [
            "# Keras, beside tf2onnx and model.export",
            "",
            setting,
            "",
            f"{len(order)} rows of the test suite, at least one for each layer that is converted. tf2onnx is "
            "asked by `from_keras` with an open batch, at opset 18; `model.export(format='onnx')` after the "
            "model was called, without which it refuses. All answer a batch of 5 rows and one of 1; ours is "
            "held to the judge's rule (float32 within 1e-5), the peers to 1e-4 in whatever number type, "
            "and all of them to 2^-8 under float16 policies. "
            "**doesn't run**: onnxruntime can't load or run the graph, mostly because TensorFlow's operators "
            f"are left in it. **no graph**: an exception. **too slow**: over {LIMIT:.0f} s of CPU.",
            "",
            "| | " + " | ".join(VERDICTS) + " |",
            "|---|" + "--:|" * len(VERDICTS),
            *(_totals(f"{route}, rows", [found[r][route][0] for r in order]) for route in ROUTES),
            *(_totals(f"{route}, layers", list(by_layer(kinds, found, route).values())) for route in ROUTES),
            "",
            f"A layer counts as its worst row does ({len(layers)} layers, operations and models).",
            "",
            "| layer | row | ours | tf2onnx | model.export |",
            "|---|---|---|---|---|",
            *(_line(kinds[row], row, found[row]) for row in order),
            "",
        ]
    )


def _about(case: Case) -> str:
    """The layer or operation that a row is about first."""
    kind: str = next(iter(case.rig.kinds(case)), "models")
    return kind.removeprefix("keras.").removeprefix("layers.")


def by_layer(kinds: Mapping[str, str], found: Found, route: str) -> dict[str, str]:
    """The worst verdict of each layer, a wrong answer being worse than none."""
    told: dict[str, list[str]] = {}
    for row, kind in kinds.items():
        if row in found:
            told.setdefault(kind, []).append(found[row][route][0])
    return {kind: max(verdicts, key=WORST.index) for kind, verdicts in told.items()}


def _totals(who: str, verdicts: Sequence[str]) -> str:
    counts = Counter(verdicts)
    return f"| {who} | " + " | ".join(str(counts[verdict]) for verdict in VERDICTS) + " |"


def _line(kind: str, row: str, held: Mapping[str, Sequence[str]]) -> str:
    said = " | ".join(held[route][0] for route in ROUTES)
    return f"| {kind} | `{row.replace('|', chr(92) + '|')}` | {said} |"


def run(setting: str) -> tuple[str, bool]:
    """The page of every row, and whether none of ours is wrong."""
    rows, found = tried()
    return page(setting, rows, found), all(held["ours"][0] in ("right", "refuses") for held in found.values())


if __name__ == "__main__":
    tried(sys.argv[1:])
