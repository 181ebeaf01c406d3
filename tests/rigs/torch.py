"""PyTorch in the tests: the worker's own code in this process, so that torch is imported once a run."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.services.natives import programs

WORKER = Path(__file__).parents[2] / "onnxpipe" / "worker"


@cache
def worker(name: str) -> Any:
    """A module of the worker, loaded as the worker itself loads it."""
    if name != "main":
        return worker("main").sibling(name)
    spec = importlib.util.spec_from_file_location("_onnxpipe_main", WORKER / "main.py")
    assert spec is not None and spec.loader is not None
    sys.modules["_onnxpipe_main"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["_onnxpipe_main"])
    return sys.modules["_onnxpipe_main"]


def loaded(path: Path) -> Any:
    """A saved network as the worker has it."""
    return worker("torch_native").load(str(path), "", [])


def exported(model: Any, options: Options, rows: Mapping[str, Any] | None = None) -> Fragment:
    """The graph of a loaded network, as ``convert`` makes it."""
    request = {
        "opset": options.opset, "outputs": list(options.outputs),
        "inputs": {n: {"dtype": k, "shape": s and list(s)} for n, (k, s) in options.inputs.items()},
        "dynamic": {name: [list(axis) for axis in axes] for name, axes in options.dynamic.items()},
    }  # fmt: skip
    data, facts = worker("torch_export").program(model, request, rows or {})
    return programs.finished("torch", onnx.load_model_from_string(data), facts, options)[1]
