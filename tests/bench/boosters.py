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
BOOSTERS = {"LightGBM, 1000 trees of 255 leaves": "lightgbm", "XGBoost, 1000 trees of depth 8": "xgboost"}
CONVERSION = {"lightgbm": 1 / 8, "xgboost": 1 / 5}
LATENCY = {"lightgbm": 1.3, "xgboost": 1.0}
"""LightGBM compares and sums in float64, and so does its graph; the peer's rounds both to float32."""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        for what, library in BOOSTERS.items():
            path = trained(Path(folder), library)
            yield from conversions(what, library, path)
            yield from latencies(what, library, path)


def samples(count: int) -> Any:
    """Rows of normal numbers, always the same."""
    return np.random.default_rng(0).normal(size=(count, COLUMNS))


def trained(folder: Path, library: str) -> Path:
    """A regressor on 3,000 noisy rows, its trees grown to the full, saved with joblib."""
    x = samples(3000)
    y = x[:, 0] + x[:, 1] * x[:, 2] + np.random.default_rng(1).normal(size=len(x)) / 2
    path = folder / f"{library}.joblib"
    joblib.dump(regressor(library).fit(x, y), path)
    return path


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


def conversions(what: str, library: str, path: Path) -> Iterator[Row]:
    limits = (("conversion", "s CPU", CONVERSION[library]), ("peak memory", "MB", 1.0), ("file", "MB", 0.5))
    both = zip(limits, cost("ours", path), cost("theirs", path), strict=True)
    for (name, unit, limit), mine, their in both:
        yield Row(f"{what}: {name}", mine, their, unit, PEER, limit)


def cost(tool: str, path: Path) -> list[float]:
    """(CPU seconds, peak MB, MB of model) of a fresh process that only converts."""
    command = [sys.executable, "-m", "tests.bench.boosters", tool, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
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


def latencies(what: str, library: str, path: Path) -> Iterator[Row]:
    peer, native = session(theirs(path)), joblib.load(path)
    for dtype in ("float32", "float64"):
        graph = session(ours(path, dtype))
        for count in (1, 10_000):
            x = samples(count)
            mine, other = {"X": x.astype(dtype)}, {"X": x.astype(np.float32)}
            found = duel(partial(graph.run, None, mine), partial(peer.run, None, other), 3.0)
            label = f"{what}: {dtype} graph, {count:,} rows"
            yield Row(label, found.ours * 1e6, found.peer * 1e6, "µs", PEER, LATENCY[library], found.ratio)
    one = samples(1)
    found = duel(partial(graph.run, None, {"X": one}), partial(native.predict, one), 2.0)
    yield Row(f"{what}: 1 row", found.ours * 1e6, found.peer * 1e6, "µs", "native predict", 1.0, found.ratio)


if __name__ == "__main__":
    convert_and_print(sys.argv[1], Path(sys.argv[2]))
