"""PyTorch in the tests: the worker's own code in this process, so that torch is imported once a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import onnx

from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.services.natives import programs
from tests.inhouse import program


@cache
def worker(name: str) -> Any:
    """A module of the worker, loaded as the worker itself loads it."""
    return program() if name == "main" else program().sibling(name)


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
