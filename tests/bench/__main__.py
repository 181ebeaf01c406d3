"""Print the benchmark table and record it: ``python -m tests.bench [NAME...] [--write]``."""

from __future__ import annotations

import datetime
import importlib
import importlib.metadata
import platform
import sys
from pathlib import Path

from tests.bench.measure import Row

SUITES = ("startup", "latency", "forests")
PAGE = Path("docs/benchmarks/main-job.md")
VERSIONS = ("onnxpipe", "onnxruntime", "onnx", "scikit-learn", "skl2onnx", "numpy")


def main(arguments: list[str]) -> int:
    names = [a for a in arguments if not a.startswith("-")] or list(SUITES)
    lines = ["| what | ours | peer | ratio | limit | holds |", "|---|---|---|---|---|---|"]
    print(*lines, sep="\n", flush=True)
    held = True
    for name in names:
        for row in importlib.import_module(f"tests.bench.{name}").rows():
            lines.append(line(row))
            print(lines[-1], flush=True)
            held &= row.holds
    if "--write" in arguments:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(lines), encoding="utf-8")
    return 0 if held else 1


def line(row: Row) -> str:
    cells = (
        row.what,
        f"{row.ours:.3g} {row.unit}",
        f"{row.peer:.3g} {row.unit} ({row.peer_name})",
        f"{row.ratio:.3g}",
        f"{row.limit:.3g}",
        "yes" if row.holds else "**no**",
    )
    return "| " + " | ".join(cells) + " |"


def page(lines: list[str]) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in VERSIONS)
    return "\n".join(
        [
            "# The main job, measured",
            "",
            f"{datetime.date.today().isoformat()}, Python {platform.python_version()}, {versions}.",
            "Medians; ours and the peer take turns, each session on one thread. Repeat with `make bench`.",
            "",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
