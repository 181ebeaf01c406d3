"""Faults in pipelines of scikit-learn's own stages: numbers, text columns, trees, bins, bags of words."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests import datasets
from tests.faults.edits import by_batch, narrowed, overguarded, shortened, unguarded
from tests.faults.planting import (
    Fault,
    after,
    at,
    attribute,
    constant,
    doubled,
    off,
    operator,
    replaced,
    swapped,
    up,
    up_single,
)

NUMERIC, TEXT = ["length", "width", "count"], ["city", "size"]
IMPUTER = "Pipeline/columntransformer/num/simpleimputer"
NESTED_SCALER = "Pipeline/columntransformer/num/standardscaler"
ENCODER = "Pipeline/columntransformer/cat"
LOGISTIC, SCALER = "Pipeline/logisticregression", "Pipeline/standardscaler"
TREE, BINS = "Pipeline/decisiontreeclassifier", "Pipeline/kbinsdiscretizer"
WORDS, WEIGHTS = "Pipeline/tfidfvectorizer", "Pipeline/tfidfvectorizer/_tfidf"
FOREST = "Pipeline/randomforestregressor"
LAST = np.array([0]), np.array([-1])


def _mixed() -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer(
        [("num", numbers, NUMERIC), ("cat", OneHotEncoder(handle_unknown="ignore"), TEXT)]
    )
    return make_pipeline(columns, LogisticRegression())


def _words() -> tuple[Any, Any]:
    texts = ["red apples fall", "Green pears fell", "Äpfel red red", "the sky falls", "blue sky", "äpfel"] * 5
    rows = np.array(texts, object)
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(rows, [0, 1, 0, 1, 1, 0] * 5), rows


def _on(data: str, pipeline: Any) -> tuple[Any, Any]:
    rows, target = datasets.load(data)
    return pipeline.fit(rows, target), rows


PIPELINES = {
    "mixed": lambda: _on("frame", _mixed()),
    "tree": lambda: _on("missing", make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4))),
    "bins": lambda: _on(
        "classes",
        make_pipeline(KBinsDiscretizer(4, encode="ordinal", quantile_method="linear"), LogisticRegression()),
    ),
    "linear": lambda: _on("labels", make_pipeline(StandardScaler(), LogisticRegression())),
    "words": _words,
    "forest": lambda: _on(
        "regression",
        make_pipeline(StandardScaler(), RandomForestRegressor(3, max_depth=3, random_state=0)),
    ),
}
"""Fitted pipelines and their rows, by name."""

FAULTS = [
    Fault(
        "tree threshold 1 ulp up", "threshold", "tree", TREE,
        attribute(TREE, "TreeEnsemble", "nodes_splits", at(0, up)),
    ),
    Fault(
        "tree leaf of another class", "class", "tree", TREE,
        constant(TREE, "Gather", 0, lambda a: np.roll(a, 1, axis=1)), None,
    ),
    Fault(
        "tree sends NaN the other way", "NaN routing", "tree", TREE,
        attribute(TREE, "TreeEnsemble", "nodes_missing_value_tracks_true", lambda a: [1 - v for v in a]),
    ),
    Fault(
        # A node below the root is reached by the cells that its ancestors compare, too.
        "tree compares < instead of <=", "comparison", "tree", TREE,
        attribute(TREE, "TreeEnsemble", "nodes_modes", np.ones_like), cells=3,
    ),
    Fault(
        "tree reads another column", "swapped columns", "tree", TREE,
        attribute(TREE, "TreeEnsemble", "nodes_featureids", lambda a: [(v + 1) % 4 for v in a]), 4,
    ),
    Fault(
        "bin edge 1 ulp up", "threshold", "bins", BINS, constant(BINS, "GreaterOrEqual", 1, at((1, 1), up))
    ),
    Fault(
        "bin edge doubled", "parameter", "bins", BINS,
        constant(BINS, "GreaterOrEqual", 1, at((0, 2), doubled)),
    ),
    Fault(
        "bins compare > instead of >=", "comparison", "bins", BINS,
        operator(BINS, "GreaterOrEqual", "Greater"),
    ),
    Fault(
        "mean off by 1e-6", "parameter", "mixed", NESTED_SCALER,
        constant(NESTED_SCALER, "Sub", 1, at(1, off(1e-6))), None,
    ),
    Fault(
        "mean off by 1e-4, float32", "parameter", "mixed", NESTED_SCALER,
        constant(NESTED_SCALER, "Sub", 1, at(1, off(1e-4))), None, "float32",
    ),
    Fault(
        "spread doubled", "parameter", "linear", SCALER, constant(SCALER, "Div", 1, at(2, doubled)), None
    ),
    Fault("detour through float32", "precision", "linear", SCALER, narrowed, 4),
    Fault(
        "imputed value off by 1e-6", "imputation", "mixed", IMPUTER,
        constant(IMPUTER, "Where", 1, at((..., 1), off(1e-6))),
    ),
    Fault("swapped columns", "swapped columns", "mixed", IMPUTER, swapped(IMPUTER), None),
    Fault(
        "dropped category", "category", "mixed", ENCODER,
        attribute(ENCODER, "LabelEncoder", "keys_strings", replaced("M")),
    ),
    Fault(
        "unseen text taken for a category", "unseen", "mixed", ENCODER,
        attribute(ENCODER, "LabelEncoder", "default_int64", lambda _: 2),
    ),
    Fault(
        "coefficient off by 1e-6", "parameter", "mixed", LOGISTIC,
        constant(LOGISTIC, "Gemm", 1, at((0, 0), off(1e-6)), which=1), None,  # the first looks for NaN
    ),
    Fault(
        "intercepts of other classes", "class", "linear", LOGISTIC,
        constant(LOGISTIC, "Gemm", 2, lambda a: a[::-1].copy()), None,
    ),
    Fault(
        "class off by one", "class", "linear", LOGISTIC,
        after("predict_proba", ("Gather", {"constants": [np.array([1, 2, 0])], "axis": 1})), None,
    ),
    Fault("label cut short", "text", "linear", LOGISTIC, shortened(b"high")),
    Fault(
        "wrong dtype", "dtype", "linear", LOGISTIC, after("predict_proba", ("Cast", {"to": 1}), dtype=1), None
    ),
    Fault(
        "missing row", "missing row", "linear", LOGISTIC,
        after("predict_proba", ("Slice", {"constants": LAST})), None,
    ),
    Fault("NaN let through", "refusal", "linear", LOGISTIC, unguarded),
    Fault("rows refused that are fine", "refusal", "linear", SCALER, overguarded),
    Fault("answers depend on the batch", "batch", "linear", SCALER, by_batch, None),
    Fault(
        "only ASCII made small", "text", "words", WORDS,
        attribute(WORDS, "TfIdfVectorizer", "pool_strings", replaced("Äpfel")),
    ),
    Fault(
        "dropped word", "category", "words", WORDS,
        attribute(WORDS, "TfIdfVectorizer", "pool_strings", replaced("sky")),
    ),
    Fault(
        "words cut at letters with accents", "text", "words", WORDS,
        attribute(WORDS, "Tokenizer", "tokenexp", lambda _: "[a-z]{2,}"),
    ),
    Fault(
        "words counted once", "count", "words", WORDS,
        attribute(WORDS, "TfIdfVectorizer", "mode", lambda _: "IDF"),
    ),
    Fault(
        "weight of a word off by 1e-6", "parameter", "words", WEIGHTS,
        constant(WEIGHTS, "Mul", 1, at(3, off(1e-6))),
    ),
    Fault(
        "length of rows not made 1", "normalisation", "words", WEIGHTS,
        operator(WEIGHTS, "Div", "Identity", 1),
    ),
    Fault(
        "forest threshold 1 float32 ulp up", "threshold", "forest", FOREST,
        attribute(FOREST, "TreeEnsemble", "nodes_splits", at(4, up_single)), 3,
    ),
    Fault(
        "leaf off by 1e-6", "parameter", "forest", FOREST,
        attribute(FOREST, "TreeEnsemble", "leaf_weights", at(5, off(1e-6))), 3,
    ),
]  # fmt: skip
