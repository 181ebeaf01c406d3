"""Rows for the discretisers."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer

from tests.harness import Case

METHOD = {"quantile_method": "averaged_inverted_cdf"}

CASES = [
    Case(KBinsDiscretizer(**METHOD)),
    Case(KBinsDiscretizer(encode="onehot-dense", **METHOD)),
    Case(KBinsDiscretizer(encode="ordinal", **METHOD)),
    Case(KBinsDiscretizer(encode="ordinal", strategy="uniform")),
    Case(KBinsDiscretizer(encode="ordinal", strategy="kmeans")),
    Case(KBinsDiscretizer(n_bins=[2, 7, 3, 4], encode="ordinal", strategy="uniform")),
    Case(KBinsDiscretizer(n_bins=[2, 7, 3, 4], strategy="kmeans")),
    Case(KBinsDiscretizer(encode="ordinal", strategy="uniform", dtype=np.float32)),
    Case(KBinsDiscretizer(strategy="uniform", dtype=np.float32)),
    Case(KBinsDiscretizer(strategy="uniform", dtype=np.float64)),
    Case(KBinsDiscretizer(encode="ordinal", strategy="uniform", dtype=np.float64)),
    Case(KBinsDiscretizer(encode="ordinal", strategy="uniform"), data="nearly_normal"),
    Case(KBinsDiscretizer(strategy="uniform"), data="nearly_normal"),
    Case(KBinsDiscretizer(encode="ordinal", **METHOD), data="whole"),
    Case(KBinsDiscretizer(encode="ordinal", strategy="uniform"), data="constant"),
    Case(KBinsDiscretizer(strategy="uniform"), data="constant"),
    Case(make_pipeline(KBinsDiscretizer(strategy="uniform"), LogisticRegression()), data="labels"),
]
