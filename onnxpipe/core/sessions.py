"""What a session of onnxruntime needs to know of a model before it opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx

from onnxpipe.errors import MissingExtra

_EXTENSIONS = ("com.microsoft.extensions", "ai.onnx.contrib")


def needs_extensions(model: onnx.ModelProto | bytes | str) -> bool:
    """Whether a model, its bytes or its path may use operators of onnxruntime-extensions."""
    if isinstance(model, onnx.ModelProto):
        return any(each.domain in _EXTENSIONS for each in model.opset_import)
    data = Path(model).read_bytes() if isinstance(model, str) else model
    return any(domain.encode() in data for domain in _EXTENSIONS)


def extended(options: Any, model: onnx.ModelProto | bytes | str) -> Any:
    """Session options, with the library of onnxruntime-extensions where the model needs it.

    Raises MissingExtra where that isn't installed.
    """
    if needs_extensions(model):
        try:
            import onnxruntime_extensions  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            raise MissingExtra("onnxruntime_extensions", "extensions") from None
        options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    return options
