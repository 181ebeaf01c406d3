"""The rows cases are fitted on: small, seeded or real, each a function answering (rows, target)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor


def fitting(estimator: Any) -> str:
    """The dataset an estimator of its kind is fitted on by default."""
    if is_classifier(estimator):
        return "classes"
    return "regression" if is_regressor(estimator) else "numeric"


def load(name: str) -> tuple[Any, Any]:
    """(rows, target) of a dataset by name, made afresh copies of one cached original."""
    rows, target = _made(name)
    return rows.copy(), target if target is None else target.copy()


@cache
def _made(name: str) -> tuple[Any, Any]:
    result: tuple[Any, Any] = globals()[f"make_{name}"]()
    return result


def _matrix(n: int = 150, d: int = 4) -> Any:
    return np.random.default_rng(0).normal(size=(n, d)) * [1.0, 10.0, 0.1, 3.0][:d] + [0, 5, 0, -2][:d]


def make_numeric() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, (rows[:, 0] > 0).astype(int)


def make_classes() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, np.digitize(rows[:, 0] + 0.1 * rows[:, 1], [0.0, 1.0])


def make_binary() -> tuple[Any, Any]:
    rows, target = make_classes()
    return rows, (target > 0).astype(int)


def make_labels() -> tuple[Any, Any]:
    rows, target = make_classes()
    return rows, np.array(["low", "mid", "high"])[target]


def make_binary_labels() -> tuple[Any, Any]:
    rows, target = make_binary()
    return rows, np.array(["no", "yes"])[target]


def make_multilabel() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, np.stack([rows[:, 0] > 0, rows[:, 1] > 5], axis=1).astype(int)


def make_regression() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, rows @ [1.0, -0.2, 3.0, 0.5] + np.sin(rows[:, 0])


def make_targets() -> tuple[Any, Any]:
    rows, target = make_regression()
    return rows, np.stack([target, -target + rows[:, 1]], axis=1)


def make_positive() -> tuple[Any, Any]:
    rows, target = make_classes()
    return np.abs(rows), target


def make_single_positive() -> tuple[Any, Any]:
    rows, target = make_positive()
    return rows.astype(np.float32), target


def make_counts() -> tuple[Any, Any]:
    rows, target = make_classes()
    return np.floor(np.abs(rows)), target


def make_missing() -> tuple[Any, Any]:
    rows, target = make_classes()
    rows[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    return rows, target


def make_missing_regression() -> tuple[Any, Any]:
    rows, target = make_regression()
    rows[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    return rows, target


def make_twins() -> tuple[Any, Any]:
    """Floats with gaps, every row twice but for the gaps."""
    rows, target = make_regression()
    rows[75:], target[75:] = rows[:75], target[:75]
    rows[:75][np.random.default_rng(1).random((75, 4)) < 0.2] = np.nan
    return rows, target


def make_frame() -> tuple[Any, Any]:
    """A table of floats with gaps, integers and text."""
    rows, target = make_classes()
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rows[:, :2], columns=["length", "width"])
    frame.loc[rng.random(len(frame)) < 0.1, "width"] = np.nan
    frame["count"] = rng.integers(0, 5, len(frame))
    frame["city"] = np.array(["Zürich", "Oslo", "São Paulo", "東京"], object)[rng.integers(0, 4, len(frame))]
    frame["size"] = np.array(["S", "M", "L"], object)[rng.integers(0, 3, len(frame))]
    return frame, target


def make_many_cities() -> tuple[Any, Any]:
    """A column of twelve texts and two of numbers, most of the first one's 0, the second one's with gaps."""
    rng = np.random.default_rng(31)
    city = rng.integers(0, 12, 300)
    amount = np.where(rng.random(300) < 0.6, 0.0, rng.normal(size=300))
    frame = pd.DataFrame({"city": np.array([f"city {i}" for i in range(12)], object)[city], "amount": amount})
    frame["age"] = np.where(rng.random(300) < 0.1, np.nan, rng.normal(size=300))
    return frame, ((city % 3 == 0) ^ (amount > 0.3)).astype(int)


def make_words() -> tuple[Any, Any]:
    """Text columns with missing values."""
    frame = make_frame()[0][["city", "size"]].astype(object)
    frame.loc[np.random.default_rng(3).random(len(frame)) < 0.15, "size"] = np.nan
    return frame, make_classes()[1]


def make_full_words() -> tuple[Any, Any]:
    """Text columns without missing values."""
    return make_frame()[0][["city", "size"]].astype(object), make_classes()[1]


def make_many_words() -> tuple[Any, Any]:
    """Nine text columns of 2 to 10 words, some of them words of several columns."""
    rng = np.random.default_rng(11)
    words = np.array([f"w{i}" for i in range(12)], object)
    columns = {f"c{j}": words[j // 3 :][rng.integers(0, 2 + j, 150)] for j in range(9)}
    return pd.DataFrame(columns).astype(object), make_classes()[1]


def make_penguins() -> tuple[Any, Any]:
    from palmerpenguins import load_penguins

    frame = load_penguins()
    return frame.drop(columns="species"), frame["species"].to_numpy(dtype=object)


def make_flags() -> tuple[Any, Any]:
    rows, target = make_binary()
    return rows, target.astype(bool)


def make_odd_classes() -> tuple[Any, Any]:
    """Labels that are floats."""
    rows, target = make_classes()
    return rows, np.array([-1.0, 2.0, 7.0])[target]


def make_small_ints() -> tuple[Any, Any]:
    """Labels 0, 1, 2 of another integer type than int64."""
    rows, target = make_classes()
    return rows, target.astype(np.int32)


def make_whole() -> tuple[Any, Any]:
    """Rows of integers."""
    rows, target = make_counts()
    return rows.astype(np.int64), target


def make_truths() -> tuple[Any, Any]:
    rows, target = make_whole()
    return rows > 0, target


def make_quarter_turns() -> tuple[Any, Any]:
    """Multiples of half of pi, where the tangent is nearest to its poles and zeros."""
    return np.arange(-75, 75)[:, None] * [np.pi / 2, 41 * np.pi / 2, 6781 * np.pi / 2], None


def make_constants() -> tuple[Any, Any]:
    """One column that varies beside two that don't."""
    rows, target = make_numeric()
    return np.column_stack([rows[:, 0], np.ones((len(rows), 2))]), target


def make_whole_positive() -> tuple[Any, Any]:
    rows, target = make_whole()
    return np.abs(rows) + 1, target


def make_single() -> tuple[Any, Any]:
    """Rows of float32, for models that are themselves fitted in float32."""
    rows, target = make_classes()
    return rows.astype(np.float32), target


def make_single_binary() -> tuple[Any, Any]:
    rows, target = make_binary()
    return rows.astype(np.float32), target


def make_tiny() -> tuple[Any, Any]:
    """Columns of denormal numbers, the last one aside."""
    rows = np.random.default_rng(32).normal(size=(150, 4)) * [1e-310, 1e-310, 1e-311, 1]
    return rows, (rows[:, 0] > 0).astype(int)


def make_tiny_positive() -> tuple[Any, Any]:
    rows, target = make_tiny()
    return np.abs(rows) + 5e-324, target


def make_tiny_single() -> tuple[Any, Any]:
    """Columns of what is denormal in float32."""
    rows, target = make_tiny()
    return (rows * [1e268, 1e268, 1e268, 1]).astype(np.float32), target


def make_tiniest() -> tuple[Any, Any]:
    """What is denormal in float32, every column."""
    rows, target = make_classes()
    return (rows * 1e-42).astype(np.float32), target


def make_counted() -> tuple[Any, Any]:
    """Scaled rows with a positive target."""
    rows = _matrix() / [1.0, 10.0, 0.1, 3.0]
    return rows, np.exp(rows @ [0.3, -0.2, 0.1, 0.2]) + 0.1


def make_count_labels() -> tuple[Any, Any]:
    return make_counts()[0], make_labels()[1]


def make_one_class() -> tuple[Any, Any]:
    rows = _matrix()
    return rows, np.full(len(rows), 3)


def make_one_class_counts() -> tuple[Any, Any]:
    rows = make_counts()[0]
    return rows, np.full(len(rows), 3)


def make_bits() -> tuple[Any, Any]:
    rows, target = make_classes()
    return (rows > [0, 5, 0, -2]).astype(float), target


def make_zeros() -> tuple[Any, Any]:
    """Rows of which every third is zero and some are next to it."""
    rows, target = make_classes()
    rows[::3] = 0
    rows[1::9] *= 1e-17
    return rows, target


def make_nearly_normal() -> tuple[Any, Any]:
    """Columns next to 0, constant, and skewed both ways."""
    rows, target = make_classes()
    rows[:, 0] *= 1e-9
    rows[:, 1] = 3
    rows[:, 2] = -np.exp(rows[:, 3])
    return rows, target


def make_multioutput_labels() -> tuple[Any, Any]:
    """Two targets of text, of three and two classes."""
    rows, target = make_labels()
    return rows, np.stack([target, np.where(rows[:, 1] > 5, "right", "left")], axis=1)


def make_text() -> tuple[Any, Any]:
    """A plain matrix of text."""
    rows, target = make_full_words()
    return rows.to_numpy(dtype=object), target


def make_text_gaps() -> tuple[Any, Any]:
    """A plain matrix of text where missing is NaN."""
    rows, target = make_words()
    return rows.to_numpy(dtype=object), target


def make_text_none() -> tuple[Any, Any]:
    """A plain matrix of text where missing is None."""
    rows, target = make_text_gaps()
    return np.where(pd.isna(rows), None, rows), target


def make_text_empty() -> tuple[Any, Any]:
    """A plain matrix of text with a column in which everything is missing."""
    rows, target = make_text_gaps()
    return np.column_stack([rows, np.full(len(rows), np.nan, object)]), target


def make_mixed() -> tuple[Any, Any]:
    """A plain matrix of text and whole numbers, in turn."""
    frame, target = make_frame()
    return frame[["city", "count", "size"]].to_numpy(dtype=object), target


def make_whole_codes() -> tuple[Any, Any]:
    """Few different whole numbers per column."""
    rng = np.random.default_rng(4)
    return rng.integers(0, [3, 5, 2], (120, 3)) * [1, 10, -1], rng.integers(0, 3, 120)


def make_float_codes() -> tuple[Any, Any]:
    """Few different float64 numbers per column that float32 can't hold, two columns with gaps."""
    rows, target = make_whole_codes()
    rows = rows * 0.1 + 0.3
    rows[np.random.default_rng(5).random(rows.shape) < 0.1] = np.nan
    rows[:, 1] = np.nan_to_num(rows[:, 1])
    return rows, target


def make_exact_codes() -> tuple[Any, Any]:
    """Few different numbers per column that float32 holds as well."""
    rows, target = make_whole_codes()
    return rows * 0.5, target


def make_coded_frame() -> tuple[Any, Any]:
    """Text, whole numbers, floats and truths, few different ones per column."""
    rows, target = make_whole_codes()
    frame = make_frame()[0].iloc[: len(rows)]
    return pd.DataFrame(
        {"city": frame["city"], "rank": rows[:, 0], "size": frame["size"], "share": rows[:, 1] * 0.5,
         "old": rows[:, 2] == 0}
    ), target  # fmt: skip


def make_skewed_text() -> tuple[Any, Any]:
    """Text with frequent and rare words, the same ones in both columns, some of them missing."""
    rng = np.random.default_rng(6)
    words = np.array(["a", "b", "c", "d", "e", "f", np.nan], object)
    shares = np.array([0.4, 0.25, 0.2, 0.05, 0.03, 0.02, 0.05])
    return words[rng.choice(7, (200, 2), p=shares)], rng.integers(0, 3, 200)


def make_skewed_codes() -> tuple[Any, Any]:
    """Whole numbers, some frequent and some rare, the same ones in both columns."""
    rng = np.random.default_rng(7)
    return rng.choice(6, (200, 2), p=[0.4, 0.3, 0.2, 0.05, 0.03, 0.02]) * 3, rng.integers(0, 3, 200)


def make_gaps() -> tuple[Any, Any]:
    """Floats of which one column is empty, one full and the others have gaps; rounded, to have a mode."""
    rows, target = make_missing()
    rows = np.round(rows)
    rows[:, 1], rows[:, 3] = np.nan, np.arange(len(rows)) % 7
    return rows, target


def make_marked() -> tuple[Any, Any]:
    """Floats where -1 marks a missing value."""
    rows, target = make_gaps()
    return np.nan_to_num(np.abs(rows), nan=-1.0), target


def make_marked_whole() -> tuple[Any, Any]:
    """Whole numbers where -1 marks a missing value."""
    rows, target = make_marked()
    return rows.astype(np.int64), target


def make_label_words() -> tuple[Any, Any]:
    """Labels alone, as a target encoder gets them."""
    return make_labels()[1].astype(object), None


def make_label_numbers() -> tuple[Any, Any]:
    return make_classes()[1] * 5 - 3, None


def make_label_pairs() -> tuple[Any, Any]:
    return make_binary_labels()[1].astype(object), None


def make_one_word() -> tuple[Any, Any]:
    """A table of one text column."""
    rows, target = make_full_words()
    return rows[["size"]], target


def make_text_blank() -> tuple[Any, Any]:
    """A plain matrix of text in which the empty text is a word."""
    rows, target = make_text()
    rows[::5, 0] = ""
    return rows, target


def make_mixed_gaps() -> tuple[Any, Any]:
    """A plain matrix of text and numbers, in turn, with gaps in both."""
    rows, target = make_mixed()
    rows[np.random.default_rng(8).random(rows.shape) < 0.1] = np.nan
    return rows, target


def make_category_frame() -> tuple[Any, Any]:
    """A table of floats with gaps, integers and pandas categories."""
    frame, target = make_frame()
    return frame.astype({"city": "category", "size": "category"}), target


def make_narrow_frame() -> tuple[Any, Any]:
    """A table of integers of every width, one of them negative, and truth values."""
    rng, target = np.random.default_rng(19), make_classes()[1]
    kinds = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    frame = pd.DataFrame({kind: rng.integers(0, 7, len(target)).astype(kind) for kind in kinds})
    frame["int8"] -= 3
    return frame.assign(flag=frame["int16"] > 2), target


def make_constant() -> tuple[Any, Any]:
    """Columns that never change."""
    rows, target = make_classes()
    rows[:] = [1.0, -2.5, 0.0, 3.0]
    return rows, target


def make_places() -> tuple[Any, Any]:
    """Latitudes and longitudes in radians."""
    rows, target = make_regression()
    return np.tanh(rows[:, :2]) * [np.pi / 2, np.pi], target


def make_distances() -> tuple[Any, Any]:
    """How far rows lie from one another."""
    rows, target = make_classes()
    return np.abs(rows[:30, None] - rows[:30]).sum(axis=2), target[:30]


def make_gram() -> tuple[Any, Any]:
    """A kernel matrix."""
    rows, target = make_classes()
    return rows[:30] @ rows[:30].T, target[:30]


def make_four_classes() -> tuple[Any, Any]:
    """Rows of four labels."""
    rows, target = make_classes()
    return rows, np.array(["a", "b", "c", "d"])[target + (rows[:, 3] > 0)]


def make_constant_labels() -> tuple[Any, Any]:
    """Three labels of which every row has the first, none the second and some the third."""
    rows, target = make_binary()
    return rows, np.stack([np.ones_like(target), np.zeros_like(target), target], axis=1)


def make_one_target() -> tuple[Any, Any]:
    """Labels as one column."""
    rows, target = make_labels()
    return rows, target[:, None]


def make_whole_targets() -> tuple[Any, Any]:
    """Rows of integers with two targets."""
    return make_whole()[0], make_targets()[1]


def make_some_labels() -> tuple[Any, Any]:
    """Labels of which half are unknown, which is -1."""
    rows, target = make_classes()
    return rows, np.where(np.arange(len(rows)) % 2, target, -1)


def make_ones_and_twos() -> tuple[Any, Any]:
    """Two classes of which the first is called 1."""
    rows, target = make_binary()
    return rows, target + 1


def make_one_column() -> tuple[Any, Any]:
    """One column, and a target that grows with it on the whole."""
    rows, target = make_regression()
    return rows[:, :1], rows[:, 0] + 0.1 * target


def make_one_column_single() -> tuple[Any, Any]:
    rows, target = make_one_column()
    return rows.astype(np.float32), -target.astype(np.float32)


def make_one_value() -> tuple[Any, Any]:
    """One column in which nothing changes."""
    rows, target = make_one_column()
    return np.full_like(rows, 2.5), target


def make_label_sets() -> tuple[Any, Any]:
    """Three words per row, some of them twice."""
    words = np.array(["sun", "rain", "hail", "snow"], object)
    return words[np.random.default_rng(9).integers(0, 4, (60, 3))], None


def make_padded_sets() -> tuple[Any, Any]:
    """Words per row, padded with the empty text."""
    rows = make_label_sets()[0]
    rows[np.random.default_rng(10).random(rows.shape) < 0.3] = ""
    return rows, None


def make_number_sets() -> tuple[Any, Any]:
    """Whole numbers per row, padded with -1."""
    return np.random.default_rng(11).choice([3, 5, 7, 9, -1], (60, 4)), None


_SENTENCES = (
    "The quick brown fox jumps over the lazy dog",
    "the dog sleeps; the FOX doesn't",
    "Müller straße STRASSE Ärger, naïve café résumé",
    "İstanbul'da IĞDIR ve ığdır",
    "ΟΔΥΣΣΕΥΣ ΌΣ. Σ ΑΣ' Α ὈΔΥΣΣΕΎΣ",
    "Привет, МИР! привет",
    "日本語 テキスト 処理 日本語",
    "한국어 텍스트 처리",
    "שלום עולם, مرحبا بالعالم",
    "हिन्दी पाठ ไทย ภาษา",
    "e\u0301te\u0301 été ETE\u0301",
    "👩\u200d👩\u200d👧 family 😀😀 emoji",
    "tab\tnew\nline\r\n  two   blanks\u00a0nbsp\u3000wide",
    "nul\x00inside and\x00 after\x00",
    "ﬁne ﬂow Ⅷ ² ½ ẞ ǅ ŉ \u212a",
    "a b c 1 22 333 x_y __ foo-bar e.g. 3.14",
    "zero\u200bwidth soft\u00adhyphen",
    "",
    " ",
    "\n\t",
)


def make_documents() -> tuple[Any, Any]:
    """Texts in many scripts, with odd characters, none at all, and words in other orders."""
    rng = np.random.default_rng(12)
    words = [word for sentence in _SENTENCES for word in sentence.split(" ")]
    mixed = [" ".join(rng.choice(np.array(words, object), rng.integers(0, 12))) for _ in range(60)]
    return np.array([*_SENTENCES, *mixed], object), np.arange(len(_SENTENCES) + 60) % 3


def make_letters() -> tuple[Any, Any]:
    """Texts of plain lower-case words."""
    rng = np.random.default_rng(13)
    words = np.array(["red", "green", "blue", "a", "of", "sky-blue"], object)
    return np.array([" ".join(rng.choice(words, 5)) for _ in range(12)], object), None


def make_document_frame() -> tuple[Any, Any]:
    """A table of two text columns and a number."""
    documents, target = make_documents()
    return pd.DataFrame(
        {"title": documents[::-1], "price": np.arange(len(documents)) * 0.5, "body": documents}
    ), target


def make_dictionaries() -> tuple[Any, Any]:
    """Rows as dictionaries of text and numbers, in which keys are missing."""
    rng = np.random.default_rng(14)
    cities = ["Oslo", "東京", "São Paulo", "a=b"]
    rows = [
        {"city": cities[rng.integers(4)], "heat": float(rng.normal()), "rank": int(rng.integers(4))}
        for _ in range(60)
    ]
    return [{k: v for k, v in row.items() if rng.random() < 0.8} for row in rows], np.arange(60) % 3


def make_tokens() -> tuple[Any, Any]:
    """Rows as lists of words of any length."""
    rng = np.random.default_rng(15)
    words = ["fox", "dog", "日本", "Zoë", "fox"]
    return [[words[i] for i in rng.integers(0, 5, rng.integers(0, 7))] for _ in range(40)], None


def make_images() -> tuple[Any, Any]:
    """Images of one channel."""
    return np.random.default_rng(16).normal(size=(5, 7, 6)), None


def make_colour_images() -> tuple[Any, Any]:
    return np.random.default_rng(17).normal(size=(5, 6, 5, 3)), None


def make_byte_images() -> tuple[Any, Any]:
    return np.random.default_rng(18).integers(0, 256, (5, 6, 5)), None


def make_torn_dictionaries() -> tuple[Any, Any]:
    """Rows as dictionaries with a key that is a text in some and a number in others."""
    return [{"size": "L"}, {"size": 3.0}] * 5, None


def make_number_frame() -> tuple[Any, Any]:
    """A table of floats and integers without gaps."""
    frame, target = make_frame()
    frame["width"] = frame["width"].fillna(5.0)
    return frame[["length", "count", "width"]], target


def make_number_frame_targets() -> tuple[Any, Any]:
    """The same with two labels per row."""
    return make_number_frame()[0], make_multilabel()[1]
