"""Rows for the linear classifiers."""

from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.svm import LinearSVC

from tests.harness import Case, newest

PLAIN = (
    LogisticRegression(),
    newest(LogisticRegressionCV, Cs=2, cv=2, use_legacy_attributes=False),
    RidgeClassifier(),
    RidgeClassifierCV(),
    SGDClassifier(random_state=0),
    Perceptron(random_state=0),
    PassiveAggressiveClassifier(random_state=0),
    LinearSVC(random_state=0, max_iter=100),
)
SINGLE = "the rows are float32"
LOSSES = ("hinge", "squared_hinge", "perceptron", "squared_error", "huber")
LOSSES += ("epsilon_insensitive", "squared_epsilon_insensitive", "log_loss", "modified_huber")

CASES = [
    *[Case(estimator) for estimator in PLAIN],
    *[Case(estimator, data="binary") for estimator in PLAIN],
    *[Case(estimator, data="labels") for estimator in PLAIN],
    *[Case(estimator, data="binary_labels") for estimator in PLAIN],
    *[Case(LogisticRegression(), data=data) for data in ("flags", "odd_classes", "small_ints", "whole")],
    Case(LogisticRegression(fit_intercept=False, C=0.1), data="binary"),
    Case(LogisticRegression(solver="liblinear"), data="binary"),
    Case(LogisticRegression(solver="newton-cholesky")),
    Case(LogisticRegression(), data="single", skip=("native",), reason=SINGLE),
    Case(LogisticRegression(), data="single_binary", skip=("native",), reason=SINGLE),
    *[Case(SGDClassifier(loss=loss, random_state=0)) for loss in LOSSES],
    *[Case(SGDClassifier(loss=loss, random_state=0), data="binary") for loss in LOSSES[-2:]],
    Case(SGDClassifier(loss="modified_huber", random_state=0), data="labels"),
    Case(SGDClassifier(average=True, fit_intercept=False, loss="log_loss", random_state=0)),
    Case(LinearSVC(multi_class="crammer_singer", random_state=0, max_iter=100)),
    Case(LinearSVC(multi_class="crammer_singer", random_state=0, max_iter=100), data="binary"),
    Case(RidgeClassifier(), data="multilabel"),
    Case(RidgeClassifierCV(), data="multilabel"),
    Case(
        SGDOneClassSVM(random_state=0),
        data="single",
        rtol=1e-5,
        reason="sums of float32 less an offset of float64",
    ),
    Case(SGDOneClassSVM(random_state=0)),
    Case(SGDOneClassSVM(random_state=0, fit_intercept=False)),
]
