"""scikit-learn: pickle, joblib and skops files, and live fitted objects."""

from onnxpipe.adapters.sklearn.nets import peer
from onnxpipe.adapters.sklearn.reader import exporter, framework, names, outline, read, recognises, whole

__all__ = ["exporter", "framework", "names", "outline", "peer", "read", "recognises", "whole"]
