"""Print the benchmarks and record them: ``python -m tests.bench [SECTION...] [--write]``.

A section is a module here with a ``TITLE`` and ``rows()``. ``--write`` replaces the sections that
ran on their pages of docs/benchmarks, and leaves the others as they are.
"""

from __future__ import annotations

import datetime
import importlib
import importlib.metadata
import platform
import re
import sys
from pathlib import Path

from tests.bench import judges, peers_page
from tests.bench.measure import Row

HOME = Path("docs/benchmarks")
PAGES = {
    "main-job.md": ("The main job, measured", ("startup", "latency", "forests")),
    "big-pipelines.md": ("Big pipelines, measured", ("wide", "vocabularies", "boosting")),
    "boosters.md": ("Boosters of other libraries, measured", ("boosters",)),
    "spark.md": ("Spark ML, measured", ("scale", "spark_converting")),
    "catboost.md": ("CatBoost, measured", ("catboost",)),
    "images.md": ("Images, tables and texts in the graph, measured", ("images", "tables")),
    "stitching.md": ("Stitching, measured", ("stitching",)),
    "keras.md": ("Keras, measured", ("keras",)),
}
WHOLE = ("peers", "judges", "spark_peers", "keras_peers")
"""Sections that are a page of their own."""
VERSIONS = ("onnxpipe", "onnxruntime", "onnx", "scikit-learn", "skl2onnx", "numpy")
MORE = {
    "boosters": ("xgboost-cpu", "lightgbm", "onnxmltools"),
    "scale": ("pyspark", "pyarrow"),
    "spark_converting": ("pyspark", "onnxmltools"),
    "spark_peers": ("pyspark", "onnxmltools"),
    "keras_peers": ("keras", "tensorflow-cpu", "tf2onnx"),
    "catboost": ("catboost",),
    "images": ("pillow",),
    "keras": ("keras", "tensorflow-cpu", "tf2onnx"),
    "judges": ("xgboost-cpu", "lightgbm", "onnxmltools"),
}
"""What a section names besides."""
HEAD = ("| what | ours | peer | ratio | limit | holds |", "|---|--:|--:|--:|--:|---|")


def main(arguments: list[str]) -> int:
    everything = [name for _, names in PAGES.values() for name in names]
    if {"-h", "--help"} & set(arguments):
        print(__doc__, "Sections: " + ", ".join([*everything, *WHOLE]), sep="\n")
        return 0
    chosen = [a for a in arguments if not a.startswith("-")] or [*everything, *WHOLE]
    if unknown := set(chosen) - {*everything, *WHOLE}:
        print(f"no section {', '.join(sorted(unknown))}: {', '.join([*everything, *WHOLE])}", file=sys.stderr)
        return 2
    write, held = "--write" in arguments, True
    for page, (title, names) in PAGES.items():
        for name in names:
            if name in chosen:
                lines, holds = section(name)
                held &= holds
                if write:
                    replace(HOME / page, title, lines)
    if "peers" in chosen:
        text = peers_page.run(setting("peers"))
        if write:
            (HOME / "sklearn-peers.md").write_text(text, encoding="utf-8")
    if "judges" in chosen:
        text, holds = judges.run(setting("judges"))
        held &= holds
        if write:
            (HOME / "judges.md").write_text(text, encoding="utf-8")
    for name in ("spark_peers", "keras_peers"):
        if name in chosen:
            text, holds = importlib.import_module(f"tests.bench.{name}").run(setting(name))
            held &= holds
            if write:
                (HOME / f"{name.replace('_', '-')}.md").write_text(text, encoding="utf-8")
    return 0 if held else 1


def section(name: str) -> tuple[list[str], bool]:
    """A section's lines, printed as they are known, and whether every limit held."""
    module = importlib.import_module(f"tests.bench.{name}")
    note = [module.NOTE, ""] if hasattr(module, "NOTE") else []
    lines, held = [f"## {module.TITLE}", "", setting(name), "", *note, *HEAD], True
    print(*lines, sep="\n", flush=True)
    for row in module.rows():
        lines.append(line(row))
        print(lines[-1], flush=True)
        held &= row.holds
    return lines, held


def setting(name: str) -> str:
    """When, on what and how a section was measured."""
    versions = ", ".join(
        f"{each} {importlib.metadata.version(each)}" for each in (*VERSIONS, *MORE.get(name, ()))
    )
    python = platform.python_version()
    return f"{datetime.date.today().isoformat()}, Python {python}, {versions}. `python -m tests.bench {name}`"


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


def replace(page: Path, title: str, lines: list[str]) -> None:
    """Put a section in place of the one of the same name, or behind the others."""
    text = page.read_text("utf-8") if page.exists() else ""
    parts = [f"{part.rstrip()}\n\n" for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]]
    made = "\n".join(lines) + "\n\n"
    places = [i for i, part in enumerate(parts) if part.startswith(lines[0] + "\n")]
    if places:
        parts[places[0]] = made
    else:
        parts.append(made)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"# {title}\n\n{INTRODUCTION}\n\n{''.join(parts).rstrip()}\n", encoding="utf-8")


INTRODUCTION = (
    "Medians; ours and the peer take turns, each session on one thread, and a ratio (ours / peer) is the "
    "median over the turns. The machine had other work to do, so read the ratios rather than the times. "
    "Repeat with `make bench`, or one section by its name."
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
