"""What docs/demo/pipeline.yaml is to answer, in Python: the reference that its graph is held against."""

import joblib
import numpy as np
import pandas as pd

pipeline = joblib.load("penguins.joblib")


def score(rows):
    """Labels and probabilities ``[N, k]``, the likeliest first."""
    shares = pipeline.predict_proba(pd.DataFrame(rows).fillna(np.nan))
    order = np.argsort(-shares, axis=1, kind="stable")
    return {
        "labels": pipeline.classes_[order],
        "probabilities": np.take_along_axis(shares, order, axis=1),
    }
