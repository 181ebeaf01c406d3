"""Functions of TensorFlow that tests save as signatures, and rows for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="TensorFlow isn't installed")

RANDOM = np.random.default_rng(3)
NUMBERS = np.array(
    [
        [-6, -1.5, -0.3, -1e-5],
        [0, 1e-6, 0.4, 2],
        [7, -np.inf, np.inf, np.nan],
        [1, -2, 3, 0.5],
        [0.1, 0.2, 0.7, 1],
    ],
    np.float32,
)
IMAGES = RANDOM.normal(size=(5, 7, 9, 2)).astype(np.float32)
IMAGES[4, 3, 4, 0], IMAGES[4, 1, 1, 1] = np.inf, np.nan
SIGNALS = RANDOM.normal(size=(5, 40)).astype(np.float32)
COUNTS = np.array([[0, 3, 3, 1], [2, 2, 2, 2], [4, 0, 9, 9], [1, 2, 3, 4], [0, 0, 0, 1]], np.int64)
WORDS = np.array([["red", "blue"], ["", "Zoë"], ["red", "red"], ["x", "green"], ["green", "Red"]])


@dataclass(frozen=True)
class Case:
    """A function of one input, rows for it, and what TensorFlow operator it is about."""

    call: Callable[[Any], Any]
    rows: Any
    about: str
    refused: str = ""


def binned(x: Any) -> Any:
    return tf.raw_ops.Bucketize(input=x, boundaries=[-1.5, 0.4, 2])


def sorted_in(x: Any, side: str) -> Any:
    """As TF Transform puts numbers into buckets: all of them in one row."""
    borders = tf.constant([[-1.5, 0.4, 0.4, 2]])
    return tf.reshape(tf.searchsorted(borders, tf.reshape(x, [1, -1]), side, tf.int64), tf.shape(x))


def parted(x: Any) -> Any:
    spectrum = tf.signal.rfft(x, [32])
    return tf.math.real(spectrum) - tf.math.imag(spectrum)


def table(keys: Any, values: Any, default: Any) -> Any:
    """A table of TensorFlow."""
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)


def table_of(file: Path) -> Any:
    """A table of the lines of a file that travels with the model, as TF Transform keeps vocabularies."""
    asset, of = tf.saved_model.Asset(str(file)), tf.lookup.TextFileIndex
    lines = tf.lookup.TextFileInitializer(asset, tf.string, of.WHOLE_LINE, tf.int64, of.LINE_NUMBER)
    return tf.lookup.StaticHashTable(lines, -1)


class Saved(tf.Module):
    """Every case as a signature of one SavedModel; a vocabulary is written to ``words``."""

    def __init__(self, words: Path) -> None:
        super().__init__()
        words.write_text("red\nZoë\nblue\n", encoding="utf-8")
        self.lines = table_of(words)
        self.numbers = table(tf.constant([0, 1, 2], tf.int64), tf.constant([7, 8, 9], tf.int64), -1)
        self.shares = table(tf.constant(["red", "blue"]), tf.constant([0.5, 0.25]), -1.0)
        self.names = table(tf.constant(["red", "blue"]), tf.constant(["rot", "blau"]), "?")
        self.places = table(tf.constant(["red", "", "Zoë"]), tf.constant([1, 2, 3], tf.int64), 0)
        self.weights = tf.Variable(RANDOM.normal(size=(5, 3)).astype(np.float32))
        self.calls: Mapping[str, Any] = {
            name: tf.function(case.call).get_concrete_function(specified(case))
            for name, case in self.cases().items()
        }

    def cases(self) -> Mapping[str, Case]:
        return {
            "gelu": Case(lambda x: tf.nn.gelu(x, approximate=False), NUMBERS, "Erfc"),
            "rare": Case(lambda x: tf.sigmoid(x - 12), NUMBERS, "Sigmoid"),
            "expm1": Case(lambda x: tf.math.expm1(x), NUMBERS, "Expm1"),
            "bins": Case(binned, NUMBERS, "Bucketize"),
            "area": Case(lambda x: tf.image.resize(x, (3, 12), "area"), IMAGES, "ResizeArea"),
            "bicubic": Case(lambda x: tf.image.resize(x, (13, 5), "bicubic"), IMAGES, "ScaleAndTranslate"),
            "cubic": Case(lambda x: tf.compat.v1.image.resize_bicubic(x, (13, 5)), IMAGES, "ResizeBicubic"),
            "lanczos": Case(
                lambda x: tf.image.resize(x, (4, 11), "lanczos3", antialias=True), IMAGES, "ScaleAndTranslate"
            ),
            "nearest": Case(
                lambda x: tf.image.resize(x, (5, 20), "nearest"), IMAGES, "ResizeNearestNeighbor"
            ),
            "counted": Case(
                lambda x: tf.math.bincount(x, minlength=5, maxlength=5, axis=-1), COUNTS, "DenseBincount"
            ),
            "seen": Case(
                lambda x: tf.math.bincount(x, minlength=5, maxlength=5, axis=-1, binary_output=True),
                COUNTS, "DenseBincount",
            ),
            "spectrum": Case(lambda x: tf.abs(tf.signal.stft(x, 16, 8, 16)), SIGNALS, "RFFT, ComplexAbs"),
            "parts": Case(parted, SIGNALS, "RFFT, Real, Imag"),
            "twice": Case(
                lambda x: tf.abs(tf.signal.rfft(x) * 2), SIGNALS, "RFFT", "complex numbers that go into Mul"
            ),
            "numbered": Case(lambda x: self.numbers.lookup(x), COUNTS, "LookupTableFindV2"),
            "shared": Case(lambda x: self.shares.lookup(x), WORDS, "LookupTableFindV2"),
            "renamed": Case(lambda x: self.names.lookup(x), WORDS, "LookupTableFindV2"),
            "placed": Case(lambda x: self.places.lookup(x), WORDS, "LookupTableFindV2"),
            "listed": Case(lambda x: tf.one_hot(self.lines.lookup(x), 3), WORDS, "LookupTableFindV2"),
            "embedded": Case(lambda x: tf.gather(self.weights, tf.minimum(x, 4)), COUNTS, "GatherV2"),
            "ones": Case(lambda x: tf.one_hot(x - 1, 3), COUNTS, "OneHot"),
            "upper": Case(lambda x: sorted_in(x, "right"), NUMBERS, "UpperBound"),
            "lower": Case(lambda x: sorted_in(x, "left"), NUMBERS, "LowerBound"),
            "either": Case(lambda x: tf.where(x > 0, tf.math.log(x), 1 / x), NUMBERS, "SelectV2"),
            "truths": Case(
                lambda x: tf.cast(tf.where(x > 2, x == 3, x == 1), tf.int32), COUNTS, "SelectV2"
            ),
            "hashed": Case(lambda x: tf.strings.to_hash_bucket_fast(x, 10), WORDS, "StringToHashBucketFast"),
            "keyed": Case(
                lambda x: tf.strings.to_hash_bucket_strong(x, 9, [3, 4]), WORDS, "StringToHashBucketStrong"
            ),
            "small": Case(lambda x: self.places.lookup(tf.strings.lower(x)), WORDS, "StringLower"),
            "large": Case(
                lambda x: self.places.lookup(tf.strings.upper(x)), WORDS,
                "StringUpper", "other letters than ASCII"
            ),
            "lgamma": Case(lambda x: tf.math.lgamma(x), NUMBERS, "Lgamma", "TensorFlow: Lgamma"),
        }  # fmt: skip

    def save(self, folder: Path) -> None:
        tf.saved_model.save(self, str(folder), signatures=dict(self.calls))


def specified(case: Case) -> Any:
    kind = tf.string if case.rows.dtype.kind == "U" else case.rows.dtype
    return tf.TensorSpec([None, *case.rows.shape[1:]], kind, "x")
