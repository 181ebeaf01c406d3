"""Scoring and verifying over tables of any size, on this machine or on a Spark cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxpipe.scale.spark import udf

__all__ = ["udf"]


def __getattr__(name: str) -> object:
    """``udf``, without loading anything before it is asked for."""
    if name == "udf":
        from onnxpipe.scale.spark import udf

        return udf
    raise AttributeError(f"module {__name__} has no attribute {name}")
