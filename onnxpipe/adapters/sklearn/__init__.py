"""scikit-learn: pickle, joblib and skops files, and live fitted objects."""

from onnxpipe.adapters.sklearn.reader import exporter, framework, names, outline, read, recognises

__all__ = ["exporter", "framework", "names", "outline", "read", "recognises"]
