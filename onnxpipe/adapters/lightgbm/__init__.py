"""LightGBM: model texts and dumps, and estimators of its scikit-learn interface inside pickles."""

from onnxpipe.adapters.lightgbm.pickled import complete
from onnxpipe.adapters.lightgbm.reader import framework, names, outline, read, recognises

__all__ = ["complete", "framework", "names", "outline", "read", "recognises"]
