"""A graph asked about no rows in a process of its own: onnxruntime (1.31) ends it over some operators."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxpipe.core import sessions, weights

Array = NDArray[Any]

_SECONDS = 300
_CODE = """
import json, sys
import numpy as np
import onnxruntime as ort

folder, fed, names, library = json.loads(sys.argv[1])
options = ort.SessionOptions()
options.log_severity_level, options.intra_op_num_threads = 4, 1
if library:
    options.register_custom_ops_library(library)
session = ort.InferenceSession(folder + "/model.onnx", options, providers=["CPUExecutionProvider"])
told = session.run(names, {name: np.zeros(shape, kind) for name, (shape, kind) in fed.items()})
texts = [value.astype(str) if value.dtype == object else value for value in told]
np.savez(folder + "/told.npz", **{"a%d" % i: value for i, value in enumerate(texts)})
"""


class Ended(Exception):
    """The process ended before it had an answer; the text says how."""


def of_none(model: onnx.ModelProto, rows: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """The answers to empty arrays by output name. Raises Ended with how the process did."""
    with tempfile.TemporaryDirectory(prefix="onnxpipe-") as folder:
        weights.write(model, Path(folder), "model.onnx")
        fed = {name: (value.shape, value.dtype.str) for name, value in rows.items()}
        told = json.dumps([folder, fed, list(names), _library(model)])
        command = [sys.executable, "-c", _CODE, told]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            raise Ended(f"no answer within {_SECONDS} s") from None
        if done.returncode < 0:
            raise Ended("onnxruntime ends the whole process")
        if done.returncode:
            raise Ended((done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it fails"])[-1])
        with np.load(Path(folder, "told.npz")) as arrays:
            return {name: _plain(arrays[f"a{i}"]) for i, name in enumerate(names)}


def _plain(value: Array) -> Array:
    return value.astype(object) if value.dtype.kind == "U" else value


def _library(model: onnx.ModelProto) -> str:
    """Where the operators of onnxruntime-extensions are, empty where the model needs none."""
    if not sessions.needs_extensions(model):
        return ""
    import onnxruntime_extensions

    return str(onnxruntime_extensions.get_library_path())
