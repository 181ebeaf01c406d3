"""onnxpipe: one ONNX graph of a whole saved pipeline, proven to answer as the original does.

The names below are the public API. They are imported on first use, so that ``import onnxpipe``
(and with it the commit hook) costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from onnxpipe.core.options import Options as Options
    from onnxpipe.core.registry import converts as converts
    from onnxpipe.core.translations import translates as translates
    from onnxpipe.services.bench import bench as bench
    from onnxpipe.services.convert import convert as convert
    from onnxpipe.services.inspect import inspect as inspect
    from onnxpipe.services.serve import feeds as feeds
    from onnxpipe.services.serve import load as load
    from onnxpipe.services.skew import skew as skew
    from onnxpipe.services.stitch import stitch as stitch
    from onnxpipe.services.verify import verify as verify

_HOMES = {
    "Options": "onnxpipe.core.options",
    "bench": "onnxpipe.services.bench",
    "convert": "onnxpipe.services.convert",
    "converts": "onnxpipe.core.registry",
    "feeds": "onnxpipe.services.serve",
    "inspect": "onnxpipe.services.inspect",
    "load": "onnxpipe.services.serve",
    "skew": "onnxpipe.services.skew",
    "stitch": "onnxpipe.services.stitch",
    "translates": "onnxpipe.core.translations",
    "verify": "onnxpipe.services.verify",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'onnxpipe' has no attribute {name!r}")
