"""Wide tables: a ColumnTransformer over 50 columns of text, and over 25 of text and 25 of numbers.

The graphs alone are timed, on rows that are the runtime's own already: handing over 50 columns of
text takes a session in Python 50 µs for one row, whatever the graph then does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

import onnxpipe
from tests.bench import peer
from tests.bench.measure import Row, duel

TITLE = "Wide tables"
PEER = "skl2onnx float32"
COLUMNS = 50
CONVERSION = 1.3
LIMIT, MIXED = 0.5, {"float32": 1.0, "float64": 1.3}
"""Text alone, one-hot encoded, should take half the time."""


def rows() -> Iterator[Row]:
    for name, numbers in (("50 text columns", 0), ("25 text, 25 number columns", 25)):
        yield from measured(name, table(2000, numbers))


def table(count: int, numbers: int) -> pd.DataFrame:
    """Columns of numbers, then of text with 3 to 22 different words each, always the same."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"n{i}": rng.normal(size=count) for i in range(numbers)}
    for i in range(COLUMNS - numbers):
        words = np.array([f"w{i}_{j}" for j in range(3 + i % 20)], object)
        columns[f"t{i}"] = words[rng.integers(0, len(words), count)]
    return pd.DataFrame(columns)


def fitted(frame: pd.DataFrame) -> Any:
    """The text one-hot encoded, the numbers imputed and scaled."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    text = [c for c in frame if frame[c].dtype.kind == "O"]
    numbers = [c for c in frame if c not in text]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = [(make_pipeline(SimpleImputer(), StandardScaler()), numbers)] if numbers else []
    return make_column_transformer(*parts, (encoder, text)).fit(frame)


def measured(name: str, frame: pd.DataFrame) -> Iterator[Row]:
    """Conversion and latency of one table's transformer."""
    estimator = fitted(frame)
    peer.converted(estimator, frame, "float32")  # what is loaded on first use is no part of a conversion
    theirs, slow = _timed(lambda: peer.converted(estimator, frame, "float32"))
    for dtype in ("float32", "float64"):
        convert = partial(onnxpipe.convert, estimator, dtype=dtype)
        convert()
        ours, quick = _timed(lambda: convert().SerializeToString())  # noqa: B023
        if dtype == "float32":
            yield Row(f"{name}: conversion", quick, slow, "s CPU", PEER, CONVERSION)
        for count in (1, 10_000):
            drawn = frame.sample(count, replace=True, random_state=0).reset_index(drop=True)
            calls = [peer.Graph(model).ready(drawn) for model in (ours, theirs)]
            found = duel(*calls, seconds=2.0)
            what = f"{name}, {dtype} graph alone, {count:,} rows"
            limit = MIXED[dtype] if "number" in name else LIMIT
            yield Row(what, found.ours * 1e6, found.peer * 1e6, "µs", PEER, limit, found.ratio)


def _timed(make: Any) -> tuple[bytes, float]:
    start = time.process_time()
    made = make()
    return made, time.process_time() - start
