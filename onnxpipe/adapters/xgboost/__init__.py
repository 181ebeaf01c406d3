"""XGBoost: boosters in JSON and UBJSON, and estimators of its scikit-learn interface inside pickles."""

from onnxpipe.adapters.xgboost.pickled import complete
from onnxpipe.adapters.xgboost.reader import framework, names, outline, read, recognises

__all__ = ["complete", "framework", "names", "outline", "read", "recognises"]
