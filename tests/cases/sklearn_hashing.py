"""Rows for texts that become hashed columns."""

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.harness import Case


def hashing(**options: object) -> Case:
    return Case(HashingVectorizer(**{"n_features": 97, **options}), data="documents")


CASES = [
    hashing(),
    hashing(n_features=2**12),
    hashing(n_features=1, norm=None),
    hashing(n_features=4, binary=True, norm=None),
    hashing(n_features=4, binary=True),
    hashing(alternate_sign=False),
    hashing(norm=None),
    hashing(norm="l1"),
    hashing(norm=None, alternate_sign=False, ngram_range=(1, 2), stop_words="english"),
    hashing(analyzer="char", ngram_range=(1, 3)),
    hashing(analyzer="char_wb", ngram_range=(2, 5)),
    hashing(dtype=np.float32),
    hashing(dtype=np.int64, norm=None),
    hashing(dtype=np.int64),
    hashing(strip_accents="ascii", lowercase=False),
    hashing(strip_accents="unicode", token_pattern=r"\b\w+\b"),
    Case(HashingVectorizer(), data="letters"),
    Case(make_pipeline(HashingVectorizer(n_features=64), LogisticRegression()), data="documents"),
]
