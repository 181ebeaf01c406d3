"""Rows for binary classifiers with a threshold of their own."""

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.harness import Case

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
LOGISTIC = LogisticRegression()
PIPELINE = make_pipeline(StandardScaler(), LOGISTIC)


def share_found(y_true, y_pred):
    """A score of the user's own."""
    return np.mean(y_pred[y_true == "yes"] == "yes")


CASES = [
    Case(FixedThresholdClassifier(LOGISTIC), data="binary"),
    Case(FixedThresholdClassifier(LOGISTIC, threshold=0.2, pos_label="no"), data="binary_labels"),
    Case(FixedThresholdClassifier(PIPELINE, threshold=0.7, pos_label="yes"), data="binary_labels"),
    Case(
        FixedThresholdClassifier(
            LOGISTIC, threshold=-0.4, pos_label="no", response_method="decision_function"
        ),
        data="binary_labels",
    ),
    Case(FixedThresholdClassifier(RidgeClassifier(), threshold=0.1), data="binary"),
    Case(FixedThresholdClassifier(OneVsRestClassifier(LOGISTIC), threshold=0.3), data="binary_labels"),
    Case(TunedThresholdClassifierCV(LOGISTIC, cv=3), data="binary_labels"),
    Case(TunedThresholdClassifierCV(PIPELINE, scoring="f1", cv=3), data="binary"),
    Case(TunedThresholdClassifierCV(RidgeClassifier(), cv=3), data="binary"),
    Case(TunedThresholdClassifierCV(TREE, scoring="f1", cv=3), data="ones_and_twos"),
    Case(
        TunedThresholdClassifierCV(LOGISTIC, scoring=make_scorer(f1_score, pos_label="no"), cv=3),
        data="binary_labels",
    ),
    Case(
        TunedThresholdClassifierCV(LOGISTIC, scoring=make_scorer(share_found), cv=3),
        data="binary_labels",
        refused="chose its threshold by",
        reason="which class a Python function takes for the positive one isn't in the file",
    ),
]
