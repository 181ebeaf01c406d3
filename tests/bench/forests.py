"""Big forests against skl2onnx: time, memory and file size of a conversion, and the graphs' latency.

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

from onnxpipe.core.options import Options
from onnxpipe.services.convert import conversion
from tests.bench.measure import Row, session, taking_turns

PEER = "skl2onnx float32"
FASTER, MEMORY, SIZE = 1 / 8, 1 / 2, 0.4


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from conversions(forest(Path(folder), 500))
        yield from latencies(forest(Path(folder), 100))


def samples(count: int) -> Any:
    """Rows of 20 features, always the same."""
    return np.random.default_rng(0).normal(size=(count, 20))


def forest(folder: Path, trees: int) -> Path:
    """A forest on 10,600 noisy rows of 3 classes, about 3,400 nodes a tree, saved with joblib."""
    from sklearn.ensemble import RandomForestClassifier

    path = folder / f"{trees}.joblib"
    if not path.exists():
        x = samples(10_600)
        score = x[:, 0] + x[:, 1] * x[:, 2] + np.random.default_rng(1).normal(size=len(x)) / 2
        model = RandomForestClassifier(trees, n_jobs=-1, random_state=0)
        joblib.dump(model.fit(x, np.digitize(score, [-0.5, 0.5])), path)
    return path


def ours(path: Path, dtype: Any = "native") -> bytes:
    return conversion(path, Options(dtype=dtype)).model.SerializeToString()


def theirs(path: Path) -> bytes:
    from skl2onnx import to_onnx

    model = joblib.load(path)
    example = np.zeros((1, model.n_features_in_), np.float32)
    made = to_onnx(model, example, options={id(model): {"zipmap": False}})
    return bytes(made.SerializeToString())


def conversions(path: Path) -> Iterator[Row]:
    own, other = cost("ours", path), cost("theirs", path)
    counts = [tree.tree_.node_count for tree in joblib.load(path).estimators_]
    what = f"forest of {len(counts)} trees, {sum(counts) / 1e6:.2f}M nodes: "
    names = (("conversion", "s", FASTER), ("peak memory", "MB", MEMORY), ("file", "MB", SIZE))
    for (name, unit, limit), mine, their in zip(names, own, other, strict=True):
        yield Row(what + name, mine, their, unit, PEER, limit)


def cost(tool: str, path: Path) -> list[float]:
    """(seconds, peak MB, MB of model) of a fresh process that only converts."""
    command = [sys.executable, "-m", "tests.bench.forests", tool, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(part) for part in done.stdout.split()]


def convert_and_print(tool: str, path: Path) -> None:
    if tool == "theirs":
        import skl2onnx  # noqa: F401
    start = time.perf_counter()
    size = len({"ours": ours, "theirs": theirs}[tool](path)) / 1e6
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size)


def latencies(path: Path) -> Iterator[Row]:
    peer = session(theirs(path))
    for count, rounds in ((1, 2000), (100, 200), (10_000, 7)):
        for dtype, limit in (("float32", 1.0), ("float64", 1.3)):
            x = samples(count)
            mine = partial(session(ours(path, dtype)).run, None, {"X": x.astype(dtype)})
            their = partial(peer.run, None, {"X": x.astype(np.float32)})
            a, b = taking_turns([mine, their], rounds)
            yield Row(
                f"forest of 100 trees, {dtype} graph, {count} rows", a * 1e6, b * 1e6, "µs", PEER, limit
            )


if __name__ == "__main__":
    convert_and_print(sys.argv[1], Path(sys.argv[2]))
