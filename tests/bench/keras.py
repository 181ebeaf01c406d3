"""Keras networks from file to graph beside tf2onnx, whole processes; then both graphs on the same rows."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import keras_nets
from tests.bench.measure import Row, duel, process, session

TITLE = "Keras"
PEER, ROUNDS, SECONDS = "tf2onnx", 1, 1.5
THIRD, NOISE = 1 / 3, 1.05
"""Limits: a conversion's share of the peer's time; of graphs, which come to like kernels, room for noise."""
_KINDS = {"tensor(float)": "float32", "tensor(string)": "string", "tensor(int32)": "int32"}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "tests.bench.keras_nets", "make", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        for net in keras_nets.NETS:
            yield converted(net, folder)
            yield from answered(net, folder)


def converted(net: str, folder: Path) -> Row:
    """CPU seconds of whole processes that convert a file, taking turns."""
    source, out = folder / f"{net}.keras", folder / f"{net}.onnx"
    ours = ["-m", "onnxpipe", "convert", str(source), "-o", str(out), "--no-verify", "--no-golden"]
    theirs = ["-m", "tests.bench.keras_nets", "convert", str(source), str(peer_of(net, folder))]
    turns, fails = [], ""
    for _ in range(ROUNDS):
        mine = process(ours).cpu
        cost, failed = peer_cost(theirs)
        fails = ", which fails" if failed else ""
        turns.append((mine, cost))
    own, other = (statistics.median(side) for side in zip(*turns, strict=True))
    ratio = statistics.median(a / b for a, b in turns)
    return Row(f"{net}: conversion", own, other, "s CPU", PEER + fails, THIRD, ratio)


def peer_cost(command: list[str]) -> tuple[float, bool]:
    """CPU seconds of the peer's process, and whether it failed."""
    try:
        return process(command).cpu, False
    except subprocess.CalledProcessError as error:
        return float(error.stdout.split()[0]), True


def peer_of(net: str, folder: Path) -> Path:
    return folder / f"{net}.peer.onnx"


def answered(net: str, folder: Path) -> Iterator[Row]:
    """CPU time of the two graphs on one row and on a batch; beside Keras itself where tf2onnx has none."""
    ours, path = session((folder / f"{net}.onnx").read_bytes()), peer_of(net, folder)
    shapes = {port.name: (tuple(port.shape[1:]), _KINDS[port.type]) for port in ours.get_inputs()}
    large = 8 if any(len(shape) == 3 for shape, _ in shapes.values()) else 32
    for count in (1, large):
        batch = keras_nets.batch(shapes, count)
        peer = graph_call(path, batch) if path.exists() else native_call(folder / f"{net}.keras", batch)
        call = lambda batch=batch: ours.run(None, batch)[0]  # noqa: E731
        np.testing.assert_allclose(call(), peer(), rtol=1e-4, atol=1e-6)
        found = duel(call, peer, SECONDS, time.thread_time)
        name = PEER if path.exists() else "Keras"
        yield Row(
            f"{net}: {count} rows", found.ours * 1e3, found.peer * 1e3, "ms CPU", name, NOISE, found.ratio
        )


def graph_call(path: Path, batch: dict[str, Any]) -> Callable[[], Any]:
    """The peer's graph on the same rows; a lone input may have another name there."""
    graph = session(path.read_bytes())
    names = [port.name for port in graph.get_inputs()]
    given = batch if set(names) == set(batch) else dict(zip(names, batch.values(), strict=True))
    return lambda: graph.run(None, given)[0]


def native_call(path: Path, batch: dict[str, Any]) -> Callable[[], Any]:
    """Keras itself on a model of one input."""
    import keras
    import tensorflow as tf

    model = keras.saving.load_model(path, compile=False)
    (given,) = (
        tf.constant(value.astype(str) if value.dtype == object else value) for value in batch.values()
    )
    return lambda: model(given, training=False).numpy()
