"""What a conversion costs: a fresh process that does nothing else; imports are not counted in its time."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.measure import Row

PEER = "skl2onnx float32"


@dataclass(frozen=True)
class Limits:
    """How much of the peer's time, peak memory and file size a conversion may take."""

    seconds: float
    memory: float
    size: float


def ours(path: Path, dtype: Any = "native") -> bytes:
    """The model of a saved estimator, by us."""
    from onnxpipe.core.options import Options
    from onnxpipe.services.convert import conversion

    return conversion(path, Options(dtype=dtype)).model.SerializeToString()


def theirs(path: Path) -> bytes:
    """The model of a saved estimator, by skl2onnx: of a matrix of float32, or of one column of text."""
    import joblib
    import numpy as np

    from tests.bench import peer

    model = joblib.load(path)
    width = getattr(model, "n_features_in_", None)
    example = np.array(["a"], object) if width is None else np.zeros((1, width), np.float32)
    return peer.converted(model, example, "float32")


def cost(tool: str, path: Path) -> list[float]:
    """(CPU seconds, peak MB, MB of model) of a fresh process that only converts."""
    command = [sys.executable, "-m", "tests.bench.converting", tool, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(part) for part in done.stdout.split()]


def compared(what: str, path: Path, limits: Limits) -> Iterator[Row]:
    """Time, memory and file size of a conversion beside skl2onnx's."""
    runs = [(cost("ours", path), cost("theirs", path)) for _ in range(3)]
    own, other = ([median(figure) for figure in zip(*side, strict=True)] for side in zip(*runs, strict=True))
    names = (
        ("conversion", "s CPU", limits.seconds),
        ("peak memory", "MB", limits.memory),
        ("file", "MB", limits.size),
    )
    for (name, unit, limit), mine, their in zip(names, own, other, strict=True):
        yield Row(f"{what}: {name}", mine, their, unit, PEER, limit)


def _convert_and_print(tool: str, path: Path) -> None:
    if tool == "theirs":
        import skl2onnx  # noqa: F401
    else:
        import onnxpipe.services.convert  # noqa: F401
    start = time.process_time()
    size = len({"ours": ours, "theirs": theirs}[tool](path)) / 1e6
    seconds = time.process_time() - start
    print(seconds, _peak(), size)


def _peak() -> float:
    """The most memory in MB this process had; Linux's getrusage starts from what its parent had."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    _convert_and_print(sys.argv[1], Path(sys.argv[2]))
