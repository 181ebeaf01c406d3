"""Rows for estimators that pass everything on."""

from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.datasets import load
from tests.harness import Case

SCALER = StandardScaler().fit(load("classes")[0])
CLASSIFIER = LogisticRegression().fit(*load("labels"))

CASES = [
    Case(FrozenEstimator(CLASSIFIER), data="labels"),
    Case(FrozenEstimator(SCALER), data="classes"),
    Case(make_pipeline(FrozenEstimator(SCALER), LogisticRegression()), data="labels"),
]
