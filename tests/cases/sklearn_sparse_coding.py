"""Rows for sparse codes: dictionaries given and learnt, sparse principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import (
    DictionaryLearning,
    MiniBatchDictionaryLearning,
    MiniBatchSparsePCA,
    SparseCoder,
    SparsePCA,
)

from tests.harness import Case

SINGLE = "scikit-learn's lasso_cd takes no float32 rows for float64 atoms"
FACTORED = (
    "for float32 rows native factors the Gram matrix in float32: its own answers move by up to 5e-6 where "
    "rows move by an ulp, and beside a huge value the path goes on into rounding noise"
)
NOISE = (
    "for float32 rows native factors the Gram matrix in float32, and the path goes on to where that is "
    "singular: its own answers move by up to 630 % where rows move by an ulp"
)
ATOMS = np.random.default_rng(0).normal(size=(9, 4))
ATOMS /= np.linalg.norm(ATOMS, axis=1, keepdims=True)
HALVES = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 2
EQUALS = np.concatenate([HALVES, np.eye(4)])
"""Atoms whose products with whole numbers are exact, so that many are equal and their order decides."""


def coder(algorithm: str, *, atoms: Any = ATOMS, **options: Any) -> SparseCoder:
    return SparseCoder(atoms, transform_algorithm=algorithm, **options)


def on_a_path(algorithm: str, **options: Any) -> list[Case]:
    """Both precisions of a row whose float32 answer is only as exact as native's own."""
    made = coder(algorithm, **options)
    return [
        Case(made, skip=("float32",), reason=FACTORED),
        Case(made, skip=("native",), rtol=1e-5, huge=1e3, reason=FACTORED),
    ]


CASES = [
    Case(SparsePCA(3, random_state=0, max_iter=20)),
    Case(SparsePCA(6, alpha=0.1, ridge_alpha=0.5, method="cd", random_state=0, max_iter=20)),
    Case(SparsePCA(2, ridge_alpha=0, random_state=0, max_iter=20), data="whole"),
    Case(SparsePCA(2, ridge_alpha=0, random_state=0, max_iter=20), data="single"),
    Case(MiniBatchSparsePCA(2, random_state=0, max_iter=20)),
    Case(MiniBatchSparsePCA(3, alpha=5, ridge_alpha=0, method="cd", random_state=0, max_iter=20)),
    *[
        Case(coder("threshold", transform_alpha=0.3, positive_code=positive, split_sign=split))
        for positive in (False, True)
        for split in (False, True)
    ],
    *[Case(coder("omp", transform_n_nonzero_coefs=count)) for count in (None, 1, 2, 4, 9)],
    Case(coder("omp", atoms=EQUALS, transform_n_nonzero_coefs=2), data="whole"),
    Case(coder("omp", atoms=ATOMS.astype(np.float32), transform_n_nonzero_coefs=2), data="single"),
    *[
        Case(coder("lasso_cd", **options), skip=("float32",), reason=SINGLE, since="1.8")
        for options in (
            {},
            {"transform_alpha": 0.3, "positive_code": True},
            {"transform_alpha": 0.01, "split_sign": True},
            {"transform_alpha": 0.0, "transform_max_iter": 5},
            {"transform_alpha": 0.1, "transform_max_iter": 3},
        )
    ],
    Case(coder("lasso_cd", atoms=EQUALS, transform_alpha=0.2), data="whole", since="1.8"),
    Case(
        DictionaryLearning(2, transform_algorithm="lasso_cd", max_iter=5),
        skip=("native",),
        refused="takes no float32 rows",
        reason=SINGLE,
        since="1.8",
    ),
    *on_a_path("lars", transform_n_nonzero_coefs=1),
    *on_a_path("lars", transform_n_nonzero_coefs=3, split_sign=True),
    Case(coder("lars", transform_n_nonzero_coefs=9), skip=("float32",), reason=NOISE),
    Case(coder("lars", atoms=EQUALS, transform_n_nonzero_coefs=7), data="whole"),
    *on_a_path("lasso_lars"),
    *on_a_path("lasso_lars", transform_alpha=0.01, positive_code=True),
    *on_a_path("lasso_lars", transform_alpha=0.01, transform_max_iter=3),
    *[
        Case(
            coder("lasso_lars", transform_alpha=0.0, positive_code=positive), skip=("float32",), reason=NOISE
        )
        for positive in (False, True)
    ],
    Case(coder("lasso_lars", atoms=EQUALS, transform_alpha=0.001), data="whole"),
    Case(coder("lasso_lars", transform_alpha=0.1, transform_max_iter=0)),
    Case(DictionaryLearning(3, random_state=0, max_iter=10)),
    Case(DictionaryLearning(4, alpha=2, transform_algorithm="threshold", random_state=0, max_iter=10)),
    Case(MiniBatchDictionaryLearning(5, transform_n_nonzero_coefs=2, random_state=0, max_iter=10)),
    Case(
        MiniBatchDictionaryLearning(
            3, alpha=0.5, transform_algorithm="lasso_cd", random_state=0, max_iter=10
        ),
        skip=("float32",),
        reason=SINGLE,
        since="1.8",
    ),
]
