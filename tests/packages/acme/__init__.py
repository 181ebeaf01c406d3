"""Estimators of somebody's own: what a pipeline may hold that neither scikit-learn nor onnxpipe knows."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin


class Whiten(TransformerMixin, BaseEstimator):
    """Rotates and scales rows; says nothing of how many columns it was fitted on and checks nothing."""

    def fit(self, X, y=None):
        X = np.asarray(X)
        self.mean_ = X.mean(axis=0)
        _, s, vt = np.linalg.svd(X - self.mean_, full_matrices=False)
        self.rotation_ = vt.T / (s + 0.1)
        return self

    def transform(self, X):
        return (np.asarray(X) - self.mean_) @ self.rotation_


class Squash(TransformerMixin, BaseEstimator):
    """Squashes every column; its converter for skl2onnx knows float32 only."""

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        return 1 / (1 + np.exp(-np.asarray(X)))


class Labelled(TransformerMixin, BaseEstimator):
    """One column per known text, times a number that arrives beside it."""

    def fit(self, X, y=None):
        self.words_ = np.unique(np.asarray(X)[:, 0].astype(str))
        return self

    def transform(self, X):
        X = np.asarray(X)
        return (X[:, :1].astype(str) == self.words_) * X[:, 1:].astype(float)


class Centroids(ClassifierMixin, BaseEstimator):
    """The nearest centroid with probabilities; refuses what isn't finite."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.centres_ = np.stack([X[y == label].mean(axis=0) for label in self.classes_])
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        if not np.isfinite(X).all():
            raise ValueError("Input contains NaN or infinity.")
        scores = X @ self.centres_.T * 2 - (self.centres_**2).sum(axis=1)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Plane(RegressorMixin, BaseEstimator):
    """Least squares without an intercept."""

    def fit(self, X, y):
        self.coef_, *_ = np.linalg.lstsq(X, y, rcond=None)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return X @ self.coef_


class Unknown(TransformerMixin, BaseEstimator):
    """Nobody has a converter for it."""

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        return np.cumsum(X, axis=1)


def halved(X, times=1):
    return X / 2.0**times


def rounded(X):
    return np.round(X)
