"""Rows for texts that become counts."""

import re

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.harness import Case

LATER = r"(?u)\b\w+\b"
THEIRS = "a function of the user's"


SCANNED = (
    r"(?u)\b\w+(?=\s)",
    r"[a-z]+|[0-9]",
    r"[a-z]*[a-c]",
    r"[A-Za-z0-9]+(?=\s+)",
    r"\b[\w-]+\b",
    r"\w+?\b|\W",
    r"(?<!\S)\S+(?!\S)",
    r"(\w+)'",
    r"(?:\w{1,3}){2}",
    r"^\w+|\w\Z",
    r"\w+(?=\s\w)",
    r"(?i)[t-z]+|fox",
    r"\w+$",
    r"\b(\w+)\s+[^\W\d]",
    r"(?:(\w)\w)+",
    r"(?:a?[b-f]?)*o",
)


def shout(text: str) -> str:
    return text.upper()


def count(**options: object) -> Case:
    return Case(CountVectorizer(**options), data="documents")


def tfidf(**options: object) -> Case:
    return Case(TfidfVectorizer(**options), data="documents")


CASES = [
    count(),
    count(lowercase=False),
    count(ngram_range=(1, 2)),
    count(ngram_range=(2, 3)),
    count(ngram_range=(2, 2), token_pattern=LATER),
    count(token_pattern=LATER),
    count(token_pattern=r"\w+"),
    count(token_pattern=r"\b[a-zA-Z]{3,}\b", ngram_range=(1, 2)),
    count(token_pattern=r"(?u)\b([^\W\d_]+)\b"),
    count(token_pattern=r"[^\s,;.]+", ngram_range=(1, 2)),
    count(token_pattern=r"[a-z]+-[a-z]+"),
    count(token_pattern=r"[\u0391-\u03c3]+"),
    count(token_pattern=r"."),
    count(token_pattern=r"\b\w{2,30}\b"),
    count(token_pattern=r"(?i)[a-m]+", lowercase=False),
    count(token_pattern=r"(?a)\b\w\w+\b", ngram_range=(1, 2)),
    tfidf(token_pattern=r"(?m)^\w+|(?s:.)$"),
    count(token_pattern=r"\b\w{6,}\b"),
    count(stop_words=["the", "привет"]),
    count(stop_words=["fox"], ngram_range=(1, 3)),
    count(stop_words="english", ngram_range=(1, 2)),
    count(stop_words=["ὀδυσσεύς"], ngram_range=(1, 2)),
    count(strip_accents="ascii"),
    count(strip_accents="unicode"),
    count(strip_accents="unicode", lowercase=False, ngram_range=(1, 2)),
    count(strip_accents="ascii", lowercase=False),
    count(binary=True),
    count(dtype=np.float32),
    count(dtype=np.int32, binary=True),
    count(dtype=bool),
    count(max_features=20, min_df=2, max_df=0.9),
    count(vocabulary=["fox", "the dog", "Fox", "dog"], ngram_range=(1, 2)),
    count(vocabulary={"fox": 1, "zz": 0, "ὀδυσσεύς": 2}),
    count(vocabulary=("fox", "dog", "σ"), token_pattern=LATER),
    count(analyzer="char"),
    count(analyzer="char", ngram_range=(2, 4)),
    count(analyzer="char", ngram_range=(1, 2), strip_accents="unicode", lowercase=False),
    count(analyzer="char_wb"),
    count(analyzer="char_wb", ngram_range=(1, 3)),
    count(analyzer="char_wb", ngram_range=(2, 2)),
    count(analyzer="char_wb", ngram_range=(4, 5)),
    count(analyzer="char_wb", ngram_range=(5, 5), strip_accents="ascii"),
    count(analyzer="char_wb", vocabulary=[" ", "a", "x y", " a"], ngram_range=(1, 3)),
    count(analyzer="char", stop_words="english"),
    Case(CountVectorizer(), data="letters"),
    tfidf(),
    tfidf(norm="l1"),
    tfidf(norm=None),
    tfidf(use_idf=False),
    tfidf(smooth_idf=False),
    tfidf(sublinear_tf=True),
    tfidf(sublinear_tf=True, norm=None, binary=True),
    tfidf(dtype=np.float32),
    tfidf(dtype=np.float32, sublinear_tf=True, norm="l1"),
    tfidf(analyzer="char_wb", ngram_range=(2, 4)),
    tfidf(ngram_range=(1, 2), stop_words="english", sublinear_tf=True),
    tfidf(vocabulary=["fox", "dog"]),
    Case(TfidfTransformer(), data="counts"),
    Case(TfidfTransformer(norm="l1", use_idf=False), data="counts"),
    Case(TfidfTransformer(norm=None, smooth_idf=False), data="counts"),
    Case(TfidfTransformer(sublinear_tf=True), data="counts"),
    Case(TfidfTransformer(sublinear_tf=True, norm=None), data="counts"),
    Case(TfidfTransformer(norm=None), data="numeric"),
    Case(TfidfTransformer(smooth_idf=False), data="counts"),
    Case(TfidfTransformer(), data="single"),
    Case(TfidfTransformer(), data="whole"),
    Case(make_pipeline(CountVectorizer(), TfidfTransformer(), LogisticRegression()), data="documents"),
    Case(make_pipeline(TfidfVectorizer(min_df=2), MultinomialNB()), data="documents"),
    Case(
        FeatureUnion([("words", CountVectorizer()), ("letters", CountVectorizer(analyzer="char"))]),
        data="documents",
    ),
    Case(
        make_pipeline(
            ColumnTransformer(
                [
                    ("t", CountVectorizer(), "title"),
                    ("b", TfidfVectorizer(), "body"),
                    ("n", StandardScaler(), ["price"]),
                ]
            ),
            LogisticRegression(),
        ),
        data="document_frame",
    ),
    *[count(token_pattern=pattern, ngram_range=(1, 2)) for pattern in SCANNED],
    tfidf(token_pattern=r"\b\w+(?:['’-]\w+)*\b|[!?]"),
    Case(
        CountVectorizer(token_pattern=r"(\w)\1"), data="documents", refused="a reference",
        reason="no table can remember any text",
    ),
    Case(
        CountVectorizer(token_pattern=r"(\w)\W|\w+"), data="documents", refused="leave out",
        reason="findall answers empty words, which a graph can't tell from none",
    ),
    Case(CountVectorizer(tokenizer=str.split), data="documents", refused="tokenizer", reason=THEIRS),
    Case(CountVectorizer(preprocessor=shout), data="documents", refused="shout", reason=THEIRS),
    Case(
        CountVectorizer(analyzer=re.compile("a").findall), data="documents", refused="analyzer", reason=THEIRS
    ),
]  # fmt: skip
