"""One-row and batch latency of the converted demo pipeline against native and skl2onnx."""

from __future__ import annotations

import copy
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from onnxpipe import convert
from tests.bench.measure import Row, session, taking_turns

warnings.filterwarnings("ignore")
TITLE = "The demo pipeline"
LIMITS = {"float32": 1.0, "float64": 1.3}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "docs/demo/train.py", folder], check=True, capture_output=True)
        pipeline = joblib.load(Path(folder) / "penguins.joblib")
        table = pd.read_csv(Path(folder) / "penguins.csv")
    peer = session(skl2onnx_model(pipeline, table).SerializeToString())
    for n, rounds in ((1, 3000), (100, 1000), (10_000, 11)):
        batch = table.sample(n, replace=True, random_state=0).reset_index(drop=True)
        for dtype, limit in LIMITS.items():
            ours = session(convert(pipeline, dtype=dtype).SerializeToString())
            calls = [run(ours, batch), run(peer, batch)]
            mine, theirs = taking_turns(calls, rounds)
            yield Row(f"{dtype} graph, {n} rows", mine * 1e6, theirs * 1e6, "µs", "skl2onnx float32", limit)
        if n == 1:
            native_call = partial(pipeline.predict_proba, batch)
            mine, native = taking_turns([run(ours, batch), native_call], 100, warm=20)
            yield Row("float64 graph, 1 row", mine * 1e6, native * 1e6, "µs", "native predict_proba", 1 / 300)


def skl2onnx_model(pipeline: Any, table: pd.DataFrame) -> Any:
    """skl2onnx's graph of the same fitted pipeline.

    It refuses a text imputer whose missing value is NaN; the peer's copy says "" instead, which
    is how the missing text is fed to both graphs.
    """
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    twin = copy.deepcopy(pipeline)
    twin[0].named_transformers_["text"][0].missing_values = ""
    text = twin[0].transformers_[1][2]
    kinds = ((name, StringTensorType if name in text else FloatTensorType) for name in table.columns)
    return to_onnx(twin, initial_types=[(n, kind([None, 1])) for n, kind in kinds], options={"zipmap": False})


_NUMPY = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64}


def run(graph: Any, batch: pd.DataFrame) -> Any:
    """A call that runs a session on a batch, inputs prepared beforehand."""
    feeds = {}
    for port in graph.get_inputs():
        column = batch[port.name].to_numpy()[:, None]
        if port.type == "tensor(string)":
            feeds[port.name] = np.where(pd.isna(column), "", column).astype(object)
        else:
            feeds[port.name] = column.astype(_NUMPY[port.type])
    return lambda: graph.run(None, feeds)
