"""Many words, buckets or categories: rows are known by their own, and no matrix of all is made."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import numpy_helper
from sklearn.compose import make_column_transformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from onnxpipe import convert, load, verify
from onnxpipe.core.fragment import Fragment
from tests.graphs import run

pytestmark = pytest.mark.usefixtures("inhouse")
RNG = np.random.default_rng(0)
WORDS = np.array([f"w{np.base_repr(i * 7919 + 1296, 36).lower()}" for i in range(3000)], object)
TEXTS = [" ".join(RNG.choice(WORDS, RNG.integers(1, 40))) for _ in range(300)]
TARGET = RNG.integers(0, 3, len(TEXTS))
ASKED = [
    *TEXTS[:20],
    " ".join(TEXTS[:20]),
    "",
    "x",
    "never seen",
    f"{WORDS[0]} {WORDS[0]} {WORDS[0].upper()}",
]
EXACT = {"rtol": 1e-9, "atol": 1e-12}


def held(answer: Any) -> dict[str, float]:
    """What the judge holds an answer to."""
    return {"rtol": 1e-5, "atol": 1e-6} if answer.dtype == np.float32 else EXACT


PIPELINES = [
    make_pipeline(CountVectorizer(), MultinomialNB()),
    make_pipeline(CountVectorizer(binary=True), BernoulliNB()),
    make_pipeline(CountVectorizer(dtype=np.float32), LogisticRegression()),
    make_pipeline(TfidfVectorizer(sublinear_tf=True, norm="l1"), ComplementNB()),
    make_pipeline(TfidfVectorizer(use_idf=False, norm=None), Ridge()),
    make_pipeline(TfidfVectorizer(ngram_range=(1, 2), stop_words=[WORDS[0], WORDS[5]]), LinearSVC()),
    make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), SGDClassifier()),
    make_pipeline(TfidfVectorizer(), TruncatedSVD(5)),
    make_pipeline(TfidfVectorizer(), SelectKBest(chi2, k=1500), LogisticRegression()),
    make_pipeline(HashingVectorizer(n_features=2**18), SGDClassifier()),
    make_pipeline(HashingVectorizer(norm="l1", alternate_sign=False), LogisticRegression()),
    make_pipeline(HashingVectorizer(norm=None, binary=True), TfidfTransformer(), LogisticRegression()),
    make_pipeline(make_union(TfidfVectorizer(), HashingVectorizer()), LogisticRegression()),
]


def told(pipeline: Pipeline) -> str:
    return "-".join(type(step).__name__ for _, step in pipeline.steps)


@pytest.mark.parametrize("pipeline", PIPELINES, ids=told)
def test_rows_are_known_by_their_words(pipeline: Pipeline) -> None:
    model = convert(pipeline.fit(TEXTS, TARGET))
    for asked in (ASKED, ASKED[-1:], ["x"], [""], []):
        found = run(model, {"X": np.array(asked, object).reshape(-1, 1)})
        for method, answer in found.items():
            if asked:
                np.testing.assert_allclose(answer, getattr(pipeline, method)(asked), **held(answer))
            assert len(answer) == len(asked)
    assert not wide(model), "a matrix with a column for each word or bucket"


def test_other_columns_stand_beside_the_words_and_are_checked() -> None:
    frame = pd.DataFrame({"text": TEXTS, "a": RNG.normal(size=300), "b": RNG.choice(["x", "y"], 300)})
    columns = make_column_transformer(
        (TfidfVectorizer(), "text"), (StandardScaler(), ["a"]), (OneHotEncoder(), ["b"])
    )
    pipeline = make_pipeline(columns, LogisticRegression()).fit(frame, TARGET)
    model = convert(pipeline, sample=frame)
    found = load(model)(frame)["predict_proba"]
    np.testing.assert_allclose(found, pipeline.predict_proba(frame), **EXACT)
    assert not wide(model)
    with pytest.raises(Exception, match="Gather"):
        load(model)(frame.assign(a=np.where(frame["a"] > 2, np.nan, frame["a"])))


@pytest.mark.parametrize(
    "options",
    [
        {"handle_unknown": "ignore"},
        {"drop": "first", "handle_unknown": "ignore"},
        {"min_frequency": 2, "handle_unknown": "infrequent_if_exist"},
        {"handle_unknown": "error", "dtype": np.float32},
    ],
    ids=str,
)
def test_rows_of_many_categories_are_known_by_their_own(options: dict[str, Any]) -> None:
    users = [f"u{i}" for i in RNG.integers(0, 1500, 3000)]
    frame = pd.DataFrame(
        {"user": users, "item": RNG.integers(0, 900, 3000), "kind": RNG.choice(["a", "b"], 3000)}
    )
    encoder = OneHotEncoder(**options).fit(frame)
    pipeline = make_pipeline(encoder, Ridge()).fit(frame, RNG.normal(size=3000))
    asked = frame[:50].copy()
    if options["handle_unknown"] != "error":
        asked.loc[::3, "user"], asked.loc[::4, "item"] = "never", 10**9
    model = convert(pipeline, sample=frame)
    found = load(model)(asked)["predict"]
    np.testing.assert_allclose(found, pipeline.predict(asked), **held(found))
    assert not wide(model)
    matrix = load(convert(encoder, sample=frame))(asked)["transform"]
    np.testing.assert_array_equal(matrix, encoder.transform(asked).toarray())
    if options["handle_unknown"] == "error":
        with pytest.raises(Exception, match="Gather"):
            load(model)(asked.assign(user="never"))


def wide(model: onnx.ModelProto) -> set[str]:
    """Computed matrices of a thousand columns and more."""
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    return {v.name for v in inferred if any(d.dim_value >= 1000 for d in v.type.tensor_type.shape.dim[1:])}


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(),
        CountVectorizer(binary=True, ngram_range=(1, 3)),
        TfidfVectorizer(sublinear_tf=True),
        HashingVectorizer(n_features=5000),
    ],
    ids=lambda vectorizer: type(vectorizer).__name__,
)
def test_the_matrix_itself_can_be_had(vectorizer: Any) -> None:
    pipeline = make_pipeline(vectorizer).fit(TEXTS)
    found = load(convert(pipeline))(np.array(ASKED, object)[:, None])["transform"]
    np.testing.assert_allclose(found, pipeline.transform(ASKED).toarray(), **EXACT)


def test_a_million_buckets_take_no_room() -> None:
    pipeline = make_pipeline(HashingVectorizer(), SGDClassifier()).fit(TEXTS, TARGET)
    predict = load(convert(pipeline))
    asked = np.array(TEXTS * 10, object)[:, None]  # as a matrix 24 GB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.testing.assert_array_equal(predict(asked)["predict"], pipeline.predict(asked[:, 0]))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def test_faults_are_put_down_to_the_stage_that_has_them(tmp_path: Path) -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, TARGET)
    joblib.dump(pipeline, tmp_path / "texts.joblib")
    model = convert(tmp_path / "texts.joblib")
    assert any(tap.tallies for tap in Fragment.of(model).taps)
    for part, stage in (
        ("tfidf", "Pipeline/tfidfvectorizer/_tfidf"),
        ("regression", "Pipeline/logisticregression"),
    ):
        report = verify(edited(model, part), tmp_path / "texts.joblib")
        assert not report
        assert next(found.path for found in report.stages if found.introduces) == stage
        assert report.counterexample is not None
        assert len(report.counterexample.row["X"][0, 0].split()) <= 2  # one word, and what it stands beside


def edited(model: onnx.ModelProto, part: str) -> onnx.ModelProto:
    """The model with one number of one stage off by a millionth, one that belongs to a single word."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for tensor in made.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if part in tensor.name and values.size >= len(WORDS) * 0.8 and values.dtype == np.float64:
            values = values.copy()
            values.flat[1701] *= 1 + 1e-6
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
            return made
    raise LookupError(part)
