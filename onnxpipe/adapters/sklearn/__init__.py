"""scikit-learn: pickle, joblib and skops files, and live fitted objects."""

from onnxpipe.adapters.sklearn.reader import framework, names, outline, read, recognises

__all__ = ["framework", "names", "outline", "read", "recognises"]
