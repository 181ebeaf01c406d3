"""Big boosters against onnxmltools: time, memory and file size of a conversion, and the graphs' latency.

Each conversion is a fresh process that does nothing else; imports are not counted in its time.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from tests.bench.converting import ours
from tests.bench.measure import Row, duel, session

TITLE = "Big boosters"
PEER = "onnxmltools float32"
COLUMNS = 10
COMMAND = (sys.executable, "-m", "tests.bench.boosters")
BOOSTERS = {"LightGBM, 1000 trees of 255 leaves": "lightgbm", "XGBoost, 1000 trees of depth 8": "xgboost"}
CONVERSION = {"lightgbm": 1 / 8, "xgboost": 1 / 5}
LATENCY = 1.0
"""Though LightGBM, and so its graph, compares and sums in float64; the peer's rounds both to float32."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        paths = {what: Path(folder) / f"{library}.joblib" for what, library in BOOSTERS.items()}
        # A process starts with the peak memory of the one that starts it, so this one does nothing big
        # before the conversions are measured.
        for path in paths.values():
            subprocess.run([*COMMAND, "train", str(path)], check=True)
        for what, path in paths.items():
            yield from conversions(what, path)
        for what, path in paths.items():
            yield from latencies(what, path)


def samples(count: int) -> Any:
    """Rows of normal numbers, always the same."""
    return np.random.default_rng(0).normal(size=(count, COLUMNS))


def train(path: Path) -> None:
    """Save a regressor on 3,000 noisy rows, its trees grown to the full, with joblib."""
    x = samples(3000)
    y = x[:, 0] + x[:, 1] * x[:, 2] + np.random.default_rng(1).normal(size=len(x)) / 2
    joblib.dump(regressor(path.stem).fit(x, y), path)


def regressor(library: str) -> Any:
    from lightgbm import LGBMRegressor
    from xgboost import XGBRegressor

    alike = {"n_estimators": 1000, "learning_rate": 0.02, "min_child_weight": 0, "n_jobs": 1}
    if library == "lightgbm":
        return LGBMRegressor(**alike, num_leaves=255, min_child_samples=1, max_bin=63, verbose=-1)
    return XGBRegressor(**alike, max_depth=8, reg_lambda=0, max_bin=64)


def theirs(path: Path) -> bytes:
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    convert = getattr(onnxmltools, f"convert_{path.stem}")
    made = convert(joblib.load(path), initial_types=[("X", FloatTensorType([None, COLUMNS]))])
    return bytes(made.SerializeToString())


def conversions(what: str, path: Path) -> Iterator[Row]:
    limits = (("conversion", "s CPU", CONVERSION[path.stem]), ("peak memory", "MB", 1.0), ("file", "MB", 0.5))
    both = zip(limits, cost("ours", path), cost("theirs", path), strict=True)
    for (name, unit, limit), mine, their in both:
        yield Row(f"{what}: {name}", mine, their, unit, PEER, limit)


def cost(tool: str, path: Path) -> list[float]:
    """(CPU seconds, peak MB, MB of model) of a fresh process that only converts."""
    done = subprocess.run([*COMMAND, tool, str(path)], capture_output=True, text=True, check=True)
    return [float(part) for part in done.stdout.split()]


def convert_and_print(tool: str, path: Path) -> None:
    if tool == "theirs":
        import onnxmltools  # noqa: F401
    else:
        import onnxpipe.services.convert  # noqa: F401
    start = time.process_time()
    size = len({"ours": ours, "theirs": theirs}[tool](path)) / 1e6
    seconds = time.process_time() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size)


def latencies(what: str, path: Path) -> Iterator[Row]:
    peer, native = session(theirs(path)), joblib.load(path)
    for dtype in ("float32", "float64"):
        graph = session(ours(path, dtype))
        for count in (1, 10_000):
            x = samples(count)
            mine, other = {"X": x.astype(dtype)}, {"X": x.astype(np.float32)}
            found = duel(partial(graph.run, None, mine), partial(peer.run, None, other), 3.0)
            label = f"{what}: {dtype} graph, {count:,} rows"
            yield Row(label, found.ours * 1e6, found.peer * 1e6, "µs", PEER, LATENCY, found.ratio)
    one = samples(1)
    found = duel(partial(graph.run, None, {"X": one}), partial(native.predict, one), 2.0)
    yield Row(f"{what}: 1 row", found.ours * 1e6, found.peer * 1e6, "µs", "native predict", 1.0, found.ratio)


if __name__ == "__main__":
    tool, path = sys.argv[1], Path(sys.argv[2])
    train(path) if tool == "train" else convert_and_print(tool, path)
