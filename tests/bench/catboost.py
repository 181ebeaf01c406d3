"""Converted CatBoost models against CatBoost's own ONNX export and its own predict."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import onnx

from onnxpipe import convert
from tests.bench.measure import Row, session, taking_turns

warnings.filterwarnings("ignore")
TREES, DEPTH, COLUMNS = 1000, 6, 30
TITLE = "CatBoost: level-wise trees"
PEER = "catboost's export"


def trained(classes: int) -> tuple[Any, Any]:
    """A model of as many trees, and rows like those it was trained on."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(10_000, COLUMNS)).astype(np.float32)
    y = rows[:, 0] + rows[:, 1] * rows[:, 2] + 0.3 * rng.normal(size=len(rows))
    common = {"iterations": TREES, "depth": DEPTH, "verbose": 0, "allow_writing_files": False}
    if classes:
        labels = np.digitize(y, np.quantile(y, np.arange(1, classes) / classes))
        return catboost.CatBoostClassifier(**common).fit(rows, labels), rows
    return catboost.CatBoostRegressor(**common).fit(rows, y), rows


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        for classes in (0, 2, 3):
            yield from _of(f"{classes} classes" if classes else "regression", trained(classes), Path(name))


def _of(what: str, made: tuple[Any, Any], folder: Path) -> Iterator[Row]:
    model, table = made
    model.save_model(folder / "model.cbm")
    begin = time.process_time()
    graph = convert(folder / "model.cbm", dtype="float32")
    ours_took, begin = time.process_time() - begin, time.process_time()
    model.save_model(folder / "peer.onnx", format="onnx")
    theirs_took = time.process_time() - begin
    yield Row(
        f"{what}, {TREES} trees of depth {DEPTH}: conversion", ours_took, theirs_took, "s CPU", PEER, 3.0
    )
    ours, peer = session(graph.SerializeToString()), session(_plain((folder / "peer.onnx").read_bytes()))
    for n, rounds in ((1, 1000), (10_000, 5)):
        batch = table[:n]
        calls = [partial(_run, ours, batch), partial(_run, peer, batch)]
        mine, theirs = taking_turns(calls, rounds)
        yield Row(f"{what}, {n} rows", mine * 1e6, theirs * 1e6, "µs", PEER, 1.0)
        native = partial(_native, model, batch)
        mine, theirs = taking_turns([calls[0], native], min(rounds, 200))
        yield Row(
            f"{what}, {n} rows", mine * 1e6, theirs * 1e6, "µs", "native, 1 thread", 1.0 if n == 1 else 50
        )


def _plain(data: bytes) -> bytes:
    """The export without the ZipMap, which answers a dictionary for each row."""
    model = onnx.load_from_string(data)
    maps = [node for node in model.graph.node if node.op_type == "ZipMap"]
    for node in maps:
        model.graph.node.remove(node)
        for output in model.graph.output:
            if output.name == node.output[0]:
                output.CopyFrom(onnx.helper.make_tensor_value_info(node.input[0], 1, None))
    for output in model.graph.output:  # it says [N] where it answers [N, 1], and is warned about at every run
        output.type.tensor_type.ClearField("shape")
    return bytes(model.SerializeToString())


def _run(graph: Any, batch: Any) -> Any:
    return graph.run(None, {graph.get_inputs()[0].name: batch})


def _native(model: Any, batch: Any) -> Any:
    ask = getattr(model, "predict_proba", model.predict)
    return ask(batch, thread_count=1)
