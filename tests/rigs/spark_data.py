"""The rows Spark's cases are fitted on: columns by name, vectors as matrices, tokens as lists of text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from tests import datasets

Rows = Mapping[str, Any]

ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "nominal": {
        "features": {
            "attrs": {
                "nominal": [{"idx": 0, "num_vals": 3}, {"idx": 2, "num_vals": 12}],
                "numeric": [{"idx": 1}, {"idx": 3}],
            },
            "num_attrs": 4,
        }
    }
}
"""What Spark is told of the vectors of a dataset: which elements are categories."""


FREE_TEXT = "text"
"""The column of texts among which the empty one is a text like any other."""

ODD_TEXTS = ("", " ", "\t\n", "unseen", "ΟΔΟΣ İstanbul", "\U0001f600 a", ",")


def load(name: str) -> dict[str, Any]:
    """The columns of a dataset by name: ``[N]`` or ``[N, d]``, text as objects with None for missing."""
    return {column: values.copy() for column, values in _made(name).items()}


@cache
def _made(name: str) -> Rows:
    made: Rows = globals()[f"make_{name}"]()
    return made


def make_vectors() -> Rows:
    """``features`` of four doubles, with labels of several kinds."""
    features, classes = datasets.load("classes")
    target = features @ [1.0, -0.2, 3.0, 0.5] + np.sin(features[:, 0])
    binary = (classes > 0).astype(float)
    return {"features": features, "label": classes.astype(float), "binary": binary, "target": target}


def make_binary() -> Rows:
    """As ``vectors``, the label being one of two."""
    rows = make_vectors()
    return {**rows, "label": rows["binary"]}


def make_regression() -> Rows:
    """As ``vectors``, the label being a number."""
    rows = make_vectors()
    return {**rows, "label": rows["target"]}


def make_positive() -> Rows:
    """As ``vectors``, nothing below 0."""
    rows = make_vectors()
    return {**rows, "features": np.abs(rows["features"])}


def make_lifetimes() -> Rows:
    """As ``vectors``, the label above 0, and whether the end was seen."""
    rows = make_vectors()
    seen = (np.arange(len(rows["label"])) % 4 > 0).astype(float)
    return {**rows, "label": np.exp(rows["target"] / 10), "censor": seen}


def make_constant() -> Rows:
    """As ``vectors``, two of the columns the same throughout."""
    rows = make_vectors()
    return {**rows, "features": rows["features"] * [1, 0, 1, 0] + [0, 3, 0, 0]}


def make_blanks() -> Rows:
    """As ``vectors``, some of them 0 throughout."""
    rows = make_vectors()
    return {**rows, "features": rows["features"] * (np.arange(len(rows["features"])) % 3 > 0)[:, None]}


def make_occupied() -> Rows:
    """As ``vectors``, about half of the elements 0, the last never."""
    rows = make_vectors()
    kept = np.random.default_rng(6).random(rows["features"].shape) < 0.5
    return {
        **rows,
        "features": np.where(kept | (np.arange(kept.shape[1]) == 3), 1 + np.abs(rows["features"]), 0),
    }


def make_counts() -> Rows:
    """As ``vectors``, small whole numbers."""
    rows = make_vectors()
    return {**rows, "features": np.floor(np.abs(rows["features"]))}


def make_flags() -> Rows:
    """As ``vectors``, each element 0 or 1."""
    rows = make_vectors()
    return {**rows, "features": (rows["features"] > [0.5, 0, -1, 1]).astype(float)}


def make_nominal() -> Rows:
    """As ``vectors``, two of the columns being categories that labels depend on in no order."""
    rows = make_vectors()
    few, many = np.digitize(rows["features"][:, [0, 2]], np.linspace(-2, 2, 11)).T * [[1], [7]] % [[3], [12]]
    features = rows["features"].copy()
    features[:, 0], features[:, 2] = few, many
    return {**rows, "features": features}


def make_frame() -> Rows:
    """Columns of their own: numbers with and without gaps, whole numbers, truths, text, a vector, a label."""
    frame, classes = datasets.load("frame")
    rng = np.random.default_rng(4)
    return {
        "length": frame["length"].to_numpy(),
        "width": frame["width"].to_numpy(),
        "height": rng.normal(size=len(frame)) * 3,
        "count": frame["count"].to_numpy().astype(np.int64),
        "code": np.floor(rng.random(len(frame)) * 4) / 2,
        "index": np.floor(rng.random(len(frame)) * 3),
        "flag": rng.random(len(frame)) < 0.5,
        "city": frame["city"].to_numpy(object),
        "size": frame["size"].to_numpy(object),
        "pair": rng.normal(size=(len(frame), 2)),
        "label": (classes > 0).astype(float),
        "answer": np.array(["no", "yes"], object)[(classes > 0).astype(int)],
    }


def make_ratings() -> Rows:
    """Users and items by whole numbers, users by doubles too, and how one liked the other."""
    rng = np.random.default_rng(8)
    user, item = rng.integers(-3, 12, 90), rng.integers(0, 9, 90) * 1000
    return {"user": user, "item": item, "account": user * 5.0, "rating": np.floor(rng.random(90) * 5)}


def make_baskets() -> Rows:
    """``items``, a few words per row."""
    rng = np.random.default_rng(9)
    chosen = rng.random((60, 5)) < [0.8, 0.6, 0.5, 0.3, 0.3]
    padded = np.where(chosen, np.array(["bread", "milk", "beer", "figs", "tea"], object), None)
    return {"items": np.take_along_axis(padded, np.argsort(~chosen, axis=1, kind="stable"), axis=1)}


def make_complete() -> Rows:
    """As ``frame``, no number missing."""
    rows = make_frame()
    return {n: np.nan_to_num(v) if v.dtype.kind == "f" else v for n, v in rows.items()}


def make_gaps() -> Rows:
    """As ``frame``, text missing here and there."""
    rows = dict(make_frame())
    rows["city"] = np.where(np.random.default_rng(5).random(len(rows["city"])) < 0.1, None, rows["city"])
    return rows


_WORDS = ["Spark", "makes", "the", "Pipeline", "a", "table", "of", "ΣΟΦΟΣ", "naïve", "I", "x1", "😀", "the"]


def make_texts() -> Rows:
    """``text`` with every kind of gap between its words, ``words`` as arrays, labels that hang on them."""
    rng = np.random.default_rng(8)
    gaps = (" ", "  ", "\t", ", ", "\u00a0", ". ", "/", "\n", " 3.14 ")
    texts, words = [], []
    for _ in range(60):
        chosen = rng.choice(_WORDS, int(rng.integers(1, 9))).tolist()
        texts.append("".join(word + str(rng.choice(gaps)) for word in chosen))
        words.append(chosen[: int(rng.integers(0, 9))])
    texts[:8] = ["a  b", "", " ", " leading", "trailing  ", "a,b;;c,", "\U0001f600\U0001f600 b", "İ ΑΣ"]
    words[:4] = [[""], ["a", "", "b", ""], ["", "THE"], []]
    padded = [[*row, *[None] * (8 - len(row))] for row in words]
    label = [float("the" in text) for text in texts]
    return {"text": np.array(texts, object), "words": np.array(padded, object), "label": np.array(label)}
