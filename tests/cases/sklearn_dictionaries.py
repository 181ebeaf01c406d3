"""Rows for dictionaries and lists of words."""

import numpy as np
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.harness import Case

CASES = [
    Case(DictVectorizer(), data="dictionaries"),
    Case(DictVectorizer(sparse=False), data="dictionaries"),
    Case(DictVectorizer(sort=False, separator=": "), data="dictionaries"),
    Case(DictVectorizer(dtype=np.float32), data="dictionaries"),
    Case(DictVectorizer(dtype=np.int64), data="dictionaries"),
    Case(make_pipeline(DictVectorizer(), LogisticRegression()), data="dictionaries"),
    Case(FeatureHasher(n_features=13), data="dictionaries"),
    Case(FeatureHasher(n_features=64, alternate_sign=False), data="dictionaries"),
    Case(FeatureHasher(n_features=13, dtype=np.float32), data="dictionaries"),
    Case(FeatureHasher(n_features=13, dtype=np.int64), data="dictionaries"),
    Case(FeatureHasher(n_features=13, input_type="string"), data="tokens"),
    Case(FeatureHasher(n_features=3, input_type="string", alternate_sign=False), data="tokens"),
    Case(FeatureHasher(n_features=13, input_type="string", dtype=np.float32), data="tokens"),
    Case(FeatureHasher(input_type="pair"), data="one_column", refused="pairs", reason="ONNX has no pairs"),
    Case(
        DictVectorizer(), data="torn_dictionaries", refused="both text and numbers",
        reason="a column holds one type",
    ),
]  # fmt: skip
