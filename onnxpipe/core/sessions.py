"""What a session of onnxruntime needs to know of a model before it opens it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from onnxpipe.errors import MissingExtra

if TYPE_CHECKING:  # executors, which this is sent to, have no onnx
    import onnx
    import onnxruntime as ort

_EXTENSIONS = ("com.microsoft.extensions", "ai.onnx.contrib")


class Weight(NamedTuple):
    """A tensor that is kept apart from its graph: ONNX's number of its type, its numbers' bits."""

    kind: int
    bits: np.ndarray[Any, Any]


def opened(source: bytes, options: Any, weights: Mapping[str, Weight]) -> ort.InferenceSession:
    """A CPU session of a serialized graph and of what is kept apart from it. Raises onnxruntime's errors."""
    import onnxruntime as ort

    if weights:
        made = [ort.OrtValue.ortvalue_from_numpy_with_onnx_type(w.bits, w.kind) for w in weights.values()]
        options.add_external_initializers(list(weights), made)
    session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    session.weights = weights  # onnxruntime reads them where they are
    return session


def needs_extensions(model: onnx.ModelProto | bytes | str) -> bool:
    """Whether a model, its bytes or its path may use operators of onnxruntime-extensions."""
    if not isinstance(model, (bytes, str)):
        return any(each.domain in _EXTENSIONS for each in model.opset_import)
    data = Path(model).read_bytes() if isinstance(model, str) else model
    return any(domain.encode() in data for domain in _EXTENSIONS)


def extended(options: Any, model: onnx.ModelProto | bytes | str) -> Any:
    """Session options, with the library of onnxruntime-extensions where the model needs it.

    Raises MissingExtra where that isn't installed.
    """
    if needs_extensions(model):
        try:
            import onnxruntime_extensions
        except ModuleNotFoundError:
            raise MissingExtra("onnxruntime_extensions", "extensions") from None
        options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    return options
