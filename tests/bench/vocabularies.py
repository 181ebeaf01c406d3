"""A TfidfVectorizer of 100,000 words against skl2onnx: conversion and latency, alone and before a model.

Alone its answer is dense, 100,000 columns, so batches stay small.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from tests.bench.converting import PEER, Limits, compared, cost, ours, theirs
from tests.bench.forests import LATENCY, PER_NODE
from tests.bench.measure import Row, duel, session

TITLE = "Big vocabularies"
WORDS = 100_000
LIMITS = Limits(seconds=1 / 5, memory=1.0, size=1.0)


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        small, large = (vectorizer(Path(folder), count) for count in (WORDS // 4, WORDS))
        yield from compared(f"TfidfVectorizer, {WORDS:,} words", large, LIMITS)
        each = [1e5 * cost("ours", p)[0] / n for p, n in ((large, WORDS), (small, WORDS // 4))]
        yield Row("100,000 words converted, of 100,000", *each, "s CPU", "ours, of 25,000", PER_NODE)
        yield from latency(f"TfidfVectorizer, {WORDS:,} words", large)
        yield from latency(f"TfidfVectorizer, {WORDS:,} words, LogisticRegression", classifier(large))


def latency(name: str, path: Path) -> Iterator[Row]:
    """One text and a hundred, in both precisions."""
    peer = session(theirs(path))
    for dtype in ("float32", "float64"):
        graph = session(ours(path, dtype))
        for count in (1, 100):
            fed = {"X": documents(count)}
            found = duel(lambda: graph.run(None, fed), lambda: peer.run(None, fed), 2.0)  # noqa: B023
            yield Row(
                f"{name}, {dtype} graph, {count} texts",
                found.ours * 1e6, found.peer * 1e6, "µs", PEER, LATENCY[dtype], found.ratio,
            )  # fmt: skip


def vocabulary(count: int) -> Any:
    """Different words of ASCII letters."""
    return np.array([f"w{np.base_repr(i * 7919 + 1296, 36).lower()}" for i in range(count)], object)


def vectorizer(folder: Path, count: int) -> Path:
    """Fitted on texts that say every word once, saved with joblib."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [" ".join(part) for part in np.array_split(vocabulary(count), 500)]
    path = folder / f"{count}.joblib"
    joblib.dump(TfidfVectorizer().fit(texts), path)
    return path


def classifier(path: Path) -> Path:
    """The same vectoriser before a model of three classes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = list(documents(300)[:, 0])
    model = make_pipeline(joblib.load(path), LogisticRegression(max_iter=20))
    model[-1].fit(model[0].transform(texts), np.arange(len(texts)) % 3)
    made = path.with_name("classifier.joblib")
    joblib.dump(model, made)
    return made


def documents(count: int) -> Any:
    """Texts ``[N, 1]`` of 50 words of the vocabulary."""
    rng, words = np.random.default_rng(0), vocabulary(WORDS)
    texts = [" ".join(words[rng.integers(0, WORDS, 50)]) for _ in range(count)]
    return np.array(texts, object)[:, None]
