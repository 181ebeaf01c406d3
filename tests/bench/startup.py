"""What a command costs before it does anything, and while it does little."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Row, median_cpu, process

TITLE = "Start-up"
CLICK_MARGIN = 0.030
SKEW_BUDGETS = {100: 0.3, 1000: 1.5}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from measured(Path(folder))


def measured(folder: Path) -> Iterator[Row]:
    process(["docs/demo/train.py", str(folder)])
    source, model = str(folder / "penguins.joblib"), str(folder / "penguins.onnx")
    convert = ["-m", "onnxpipe", "convert", source, "-o", model, "--no-verify"]
    ours, peer = median_cpu(convert), median_cpu(["-c", "import skl2onnx"])
    yield Row("convert the demo pipeline, whole process", ours, peer, "s CPU", "import skl2onnx", 1.0)
    ours, peer = median_cpu(["-m", "onnxpipe", "--help"], 15), median_cpu(["-c", "import click"], 15)
    yield Row("onnxpipe --help", ours, peer + CLICK_MARGIN, "s CPU", "import click + 30 ms", 1.0)
    locks = [str(path) for path in copies(Path(model), max(SKEW_BUDGETS))]
    for count, budget in SKEW_BUDGETS.items():
        ours = median_cpu(["-m", "onnxpipe", "skew", *locks[:count]])
        yield Row(f"skew over {count} locks", ours, budget, "s CPU", "budget", 1.0)


def copies(model: Path, count: int) -> list[Path]:
    """``count`` folders, each with the source, the model and its lock."""
    made = []
    files = [*model.parent.glob("penguins.*")]
    for i in range(count):
        home = model.parent / f"copy{i}"
        home.mkdir()
        for file in files:
            if file.is_file():
                (home / file.name).write_bytes(file.read_bytes())
        made.append(home / "penguins.onnx.lock")
    return made
