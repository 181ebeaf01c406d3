"""scikit-learn: pickle, joblib and skops files, and live fitted objects."""

from onnxpipe.adapters.sklearn.nets import peer
from onnxpipe.adapters.sklearn.reader import (
    dates,
    exporter,
    framework,
    names,
    outline,
    read,
    recognises,
    whole,
)

__all__ = ["dates", "exporter", "framework", "names", "outline", "peer", "read", "recognises", "whole"]
