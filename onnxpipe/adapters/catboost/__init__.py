"""CatBoost: .cbm files, its JSON export, and its estimators in pickles."""

from onnxpipe.adapters.catboost.pickled import complete
from onnxpipe.adapters.catboost.reader import framework, names, outline, read, recognises

__all__ = ["complete", "framework", "names", "outline", "read", "recognises"]
