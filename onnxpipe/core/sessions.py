"""What a session of onnxruntime needs to know of a model before it opens it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnxpipe.errors import MissingExtra

if TYPE_CHECKING:  # executors, which this is sent to, have no onnx
    import onnx

_EXTENSIONS = ("com.microsoft.extensions", "ai.onnx.contrib")


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
