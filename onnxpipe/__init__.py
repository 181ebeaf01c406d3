"""onnxpipe: one ONNX graph of a whole saved pipeline, proven to answer as the original does.

The names below are the public API. They are imported on first use, so that ``import onnxpipe``
(and with it the commit hook) costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from onnxpipe.core.registry import converts as converts
    from onnxpipe.services.convert import convert as convert

_HOMES = {
    "convert": "onnxpipe.services.convert",
    "converts": "onnxpipe.core.registry",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'onnxpipe' has no attribute {name!r}")
