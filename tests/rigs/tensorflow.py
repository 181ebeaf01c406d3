"""TensorFlow in the tests: the worker's own code in this process, so that it is imported once a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.services.natives import programs
from tests.rigs.torch import worker


def signature(held: Any, name: str) -> Any:
    """A signature of a loaded SavedModel as the worker has it."""
    return worker("tensorflow_native").Signature(held, name, "")


def loaded(folder: Path, name: str = "") -> Any:
    """A signature of a SavedModel folder as the worker loads it."""
    return worker("tensorflow_native").load(str(folder), f"signature {name}" if name else "", [])


def exported(model: Any, options: Options | None = None, rows: Mapping[str, Any] | None = None) -> Fragment:
    """The graph of a signature or of a loaded Keras model, as ``convert`` makes it."""
    options = options or Options()
    request = {
        "opset": options.opset, "outputs": list(options.outputs),
        "inputs": {n: {"dtype": k, "shape": s and list(s)} for n, (k, s) in options.inputs.items()},
        "dynamic": {name: [list(axis) for axis in axes] for name, axes in options.dynamic.items()},
    }  # fmt: skip
    data, facts = worker("tf2onnx_export").program(model, request, rows or {})
    return programs.finished("tensorflow", onnx.load_model_from_string(data), facts, options)[1]


def fed(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Rows as onnxruntime takes them."""
    return {name: value.astype(object) if value.dtype.kind == "U" else value for name, value in rows.items()}


def same(got: Any, wanted: Any) -> None:
    """Assert that answers have one dtype and shape, and values within float32's tolerance."""
    assert got.shape == wanted.shape
    if wanted.dtype.kind == "f":
        assert got.dtype == wanted.dtype
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6 * max(1.0, scale))
    else:
        np.testing.assert_array_equal(got, wanted)
